// The clients of a load, in a process of their own, so that nothing else delays what they measure. The parent sends the load, and then
// `stop`; it gets what was asked so far every 200 ms, and what was seen at the end.
import { Asking, type Load, type Seen } from './asking.ts';

/** What this process tells its parent. */
export type Report = { readonly requests: number; readonly failed: number } | { readonly seen: Seen };

/** Returns when the parent can read it: a long load is seen in many megabytes, which an early end would cut off. */
const tell = (report: Report) => new Promise<void>((resolve) => process.send?.(report, () => resolve()) ?? resolve());
let asking: Asking | undefined;
let timer: NodeJS.Timeout | undefined;

process.on('message', async (message: Load | 'stop') => {
  if (message !== 'stop') {
    const begun = new Asking(message);
    asking = begun;
    timer = setInterval(() => void tell(begun.progress), 200);
    return;
  }
  clearInterval(timer);
  if (asking) await tell({ seen: await asking.stop() });
  process.disconnect();
});
// A parent that is gone is asked for no longer.
process.on('disconnect', () => process.exit(0));
