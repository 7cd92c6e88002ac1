import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { parse } from 'yaml';

const schema = JSON.parse(readFileSync(new URL('compose-spec.json', import.meta.url), 'utf8')) as Record<
  string,
  unknown
>;

/** The schema names draft 7 by an address that ajv does not know it by, and has formats that are checked by Compose itself. */
const validate = new Ajv({ allErrors: true, strict: false, validateFormats: false, logger: false }).compile({
  ...schema,
  $schema: 'http://json-schema.org/draft-07/schema#',
});

/** What the schema of the Compose Specification has to say about a Compose file; nothing about one that it accepts. */
export function validateCompose(text: string): string[] {
  if (validate(parse(text))) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath || '/'} ${message} ${JSON.stringify(params)}`,
  );
}
