/** How long something took: `0.4 s`, `12.3 s`, `2 min 5 s`, `1 h 2 min`. */
export function secondsText(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  return seconds < 59.95 ? `${seconds.toFixed(1)} s` : minutesText(Math.round(seconds));
}

/** How long something takes by now, in whole seconds: `0 s`, `12 s`, `2 min 5 s`. */
export function elapsedText(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  return seconds < 60 ? `${seconds} s` : minutesText(seconds);
}

function minutesText(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
