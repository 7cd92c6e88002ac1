import { failure } from '../diagnostic.ts';

/** The library is loaded when it is needed: most commands never open the file. */
const library = () => import('age-encryption');

/** A new pair of keys (age-encryption.org/v1, X25519): the identity decrypts what is encrypted to the recipient. */
export async function makeIdentity(): Promise<{ readonly identity: string; readonly recipient: string }> {
  const age = await library();
  const identity = await age.generateX25519Identity();
  return { identity, recipient: await age.identityToRecipient(identity) };
}

/**
 * Encrypts text to all recipients, in the armoured form that Git shows as text.
 *
 * @throws DiagnosticsError for a recipient that is none.
 */
export async function encrypt(text: string, recipients: readonly string[]): Promise<string> {
  const age = await library();
  const encrypter = new age.Encrypter();
  for (const [index, recipient] of recipients.entries()) {
    try {
      encrypter.addRecipient(recipient);
    } catch {
      throw failure({
        code: 'secrets.recipient',
        subject: `secretsFile.recipients.${index}`,
        message: `secretsFile.recipients.${index} is mistyped: ${recipient} does not match its own checksum`,
        fix: 'copy it again from what "npm run secrets -- keygen" printed',
      });
    }
  }
  return `${age.armor.encode(await encrypter.encrypt(text)).trimEnd()}\n`;
}

/**
 * Decrypts what `encrypt` made, with whichever of the identities fits.
 *
 * @param file its path, for messages.
 * @throws DiagnosticsError when none fits, or the file was damaged.
 */
export async function decrypt(armored: string, identities: readonly string[], file: string): Promise<string> {
  const age = await library();
  const decrypter = new age.Decrypter();
  try {
    for (const identity of identities) decrypter.addIdentity(identity);
  } catch {
    throw failure({
      code: 'secrets.identity',
      subject: file,
      message: 'the age identity is damaged: it is not what "npm run secrets -- keygen" made',
      fix: 'restore it from its copy; it is a line that begins with AGE-SECRET-KEY-1',
    });
  }
  try {
    return await decrypter.decrypt(age.armor.decode(armored), 'text');
  } catch (error) {
    throw undecryptable(file, error as Error);
  }
}

function undecryptable(file: string, { message }: Error) {
  if (/no identity matched/.test(message)) {
    return failure({
      code: 'secrets.not-a-recipient',
      subject: file,
      message: `${file} was not encrypted to your identity`,
      fix: 'let somebody who can read it add your recipient to secretsFile.recipients and run "npm run secrets -- rekey"',
    });
  }
  return failure({
    code: 'secrets.damaged',
    subject: file,
    message: `${file} is damaged, or was changed by hand: it does not decrypt as a whole`,
    fix: `restore it from Git: git checkout -- ${file}`,
  });
}
