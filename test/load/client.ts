// The clients of a load, in a process of their own, so that nothing else delays what they measure. The parent sends the load, and then
// `stop`; it gets what was asked so far every 200 ms, and what was seen at the end.
import { Asking, type Load, type Seen } from './asking.ts';

/** What this process tells its parent. */
export type Report = { readonly requests: number; readonly failed: number } | { readonly seen: Seen };

const tell = (report: Report) => process.send?.(report);
let asking: Asking | undefined;
let timer: NodeJS.Timeout | undefined;

process.on('message', async (message: Load | 'stop') => {
  if (message !== 'stop') {
    const begun = new Asking(message);
    asking = begun;
    timer = setInterval(() => tell(begun.progress), 200);
    return;
  }
  clearInterval(timer);
  if (asking) tell({ seen: await asking.stop() });
  process.disconnect();
});
// A parent that is gone is asked for no longer.
process.on('disconnect', () => process.exit(0));
