import { Readable } from 'node:stream';
import type { ClientChannel } from 'ssh2';

/**
 * Runs a command that streams are sent to. node-ssh only pipes them: one that breaks would end the process by an error that nobody
 * listens to, and the command would wait for the rest. Its channel is ended instead, and its host sees that something is missing.
 *
 * @param inputs streams that errors may come from; whatever else is passed over.
 * @param begin runs the command, and tells its channel.
 * @throws what broke the first stream.
 */
export function withInputs<T>(
  inputs: readonly unknown[],
  begin: (onChannel: (channel: ClientChannel) => void) => Promise<T>,
): Promise<T> {
  const streams = inputs.filter((input) => input instanceof Readable);
  let opened: ClientChannel | undefined;
  return new Promise((done, failed) => {
    const stop = (error: Error) => {
      opened?.end();
      failed(error);
    };
    for (const stream of streams) stream.on('error', stop);
    const onChannel = (channel: ClientChannel) => {
      opened = channel;
      if (streams.some(({ errored }) => errored)) channel.end();
    };
    begin(onChannel).then(done, failed);
  });
}
