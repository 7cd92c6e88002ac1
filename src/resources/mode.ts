/** Octal without leading zeros, as find(1) prints %m: `0644` and `644` are one mode. */
export const normalMode = (mode: string): string => mode.replace(/^0+(?=[0-7])/, '');

/**
 * A mode for chmod(1) on a directory. With fewer than five digits, chmod of coreutils leaves the set-group-ID and set-user-ID bits
 * of a directory as they are, and a directory that has one too many would differ for ever.
 */
export const wholeMode = (mode: string): string => normalMode(mode).padStart(5, '0');
