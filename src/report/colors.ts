import picocolors from 'picocolors';

/** Ways to colour text; all do nothing where colours are off. */
export type Colors = ReturnType<typeof picocolors.createColors>;

/**
 * Colours for a stream: on for a terminal, off when NO_COLOR is set to anything (no-color.org) or TERM is dumb,
 * and on again with FORCE_COLOR.
 */
export function colorsFor(stream: { readonly isTTY?: boolean }, environment: NodeJS.ProcessEnv): Colors {
  const forced = environment.FORCE_COLOR !== undefined && environment.FORCE_COLOR !== '0';
  const refused = (environment.NO_COLOR ?? '') !== '' || environment.TERM === 'dumb';
  return picocolors.createColors(!refused && (forced || stream.isTTY === true));
}
