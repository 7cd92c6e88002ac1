/** What is asked at the terminal before a passphrase, which is not shown. */
export const passphraseQuestion = (path: string): string => `passphrase of the key ${path} (not shown): `;

/** The same before the password of sudo. */
export const sudoQuestion = (hosts: readonly string[]): string => `sudo password for ${hosts.join(', ')} (not shown): `;
