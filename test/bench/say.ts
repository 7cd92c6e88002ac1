/** Prints what is done now, with the seconds since the start of this process. */
export const say = (text: string): void =>
  console.log(`${(performance.now() / 1000).toFixed(0).padStart(4)} s  ${text}`);
