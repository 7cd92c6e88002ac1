import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { LabHost } from './host.ts';

/** What a monitor tells (templates/monitor/monitor.sh.hbs). */
export interface Alarm {
  readonly alarm: string;
  readonly state: string;
  readonly text: string;
}

/** Hears the alarms of lab hosts. */
export interface Webhook {
  /** What was told so far, in order. */
  readonly heard: readonly Alarm[];
  readonly url: string;
  close(): void;
}

/** Listens where a host can reach it: on this machine, at the address of the bridge that the host's way out begins with. */
export async function openWebhook(host: LabHost): Promise<Webhook> {
  const heard: Alarm[] = [];
  const server = createServer(async (request, response) => {
    heard.push((await json(request)) as Alarm);
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  const address = (await host.sh('ip route show default')).split(' ')[2];
  const { port } = server.address() as AddressInfo;
  return { heard, url: `http://${address}:${port}/alarm`, close: () => server.close() };
}
