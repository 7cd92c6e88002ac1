/** An apply with a token on a host whose last transaction was cut off: what the token stood for is planned anew before it counts. */
import * as assert from 'uvu/assert';
import type { ApplyEvent } from '../../src/apply/events.ts';
import { recovered } from '../../src/commands/apply-one.ts';
import type { PlannedHost } from '../../src/commands/plan.ts';
import type { HostManifest } from '../../src/compile/manifest.ts';
import { DiagnosticsError } from '../../src/diagnostic.ts';
import { planHost } from '../../src/pipeline.ts';
import { type Consent, noConsent } from '../../src/plan/tokens.ts';
import type { Connection } from '../../src/transport/transport.ts';
import { written } from '../apply/frames.ts';
import { manifest } from '../plan/manifests.ts';
import { suite } from '../support/suite.ts';

const test = suite('tokens and a transaction that was cut off');
const wanted: HostManifest = { ...manifest(), resources: [] };
const lines = ['left', 'kept'].map((name) => ({
  id: `group:${name}`,
  origin: 'created',
  attributes: { exists: 'yes' },
}));
const secrets = { values: new Map(), problems: new Map() };

/** A host with a transaction that was cut off, until it is told to end that. */
class CutOff implements Connection {
  recoveries = 0;

  run: Connection['run'] = async (script, { onLine } = {}) => {
    if (!script.includes('Reads the state of one host')) {
      this.recoveries += 1;
      onLine?.('end rolled-back');
      return { code: 0, stdout: Buffer.alloc(0), stderr: '' };
    }
    const unfinished = { out: 'transactions/20260101t000000-abcdef\n' };
    const stdout = written({
      groups: { out: 'left:x:900:\nkept:x:901:\n' },
      os: { out: 'debian-12\n' },
      architecture: { out: 'amd64\n' },
      record: { out: lines.map((line) => `${JSON.stringify(line)}\n`).join('') },
      serial: { out: '3\n' },
      ...(this.recoveries === 0 ? { unfinished } : {}),
    });
    return { code: 0, stdout, stderr: '' };
  };

  close = () => undefined;
}

/** Plans a host with what was typed, ends the transaction and plans again. */
async function recover(host: CutOff, consent: Consent) {
  const made = await planHost(host, wanted, secrets, { consent });
  assert.is(made.plan.unfinished, '20260101t000000-abcdef');
  const one = { ...made, host: { name: 'web-1' }, connection: host, compiled: wanted, follow: '' };
  const events: ApplyEvent[] = [];
  const listen = (event: ApplyEvent) => void events.push(event);
  return recovered(one as unknown as PlannedHost, { secrets, how: { consent }, listen });
}

const tokenOf = async (host: CutOff) =>
  (await planHost(host, wanted)).plan.changes.find(({ id }) => id === 'group:left')?.token ?? '';

test('a token of the plan before is refused, and not passed over', async () => {
  const host = new CutOff();
  const token = await tokenOf(host);
  assert.match(token, /^[0-9a-f]{8}$/);
  const error = await recover(host, { ...noConsent, remove: [token] }).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof DiagnosticsError);
  assert.equal([error.exitCode, error.diagnostics[0]?.code, error.diagnostics[0]?.subject], [7, 'plan.token', token]);
  assert.is(host.recoveries, 1, 'what was cut off has ended all the same');
  assert.is.not(await tokenOf(host), token, 'the control: the plan is another one now');
});

test('the control: without a token, or with one of another host, it goes on', async () => {
  for (const remove of [[], ['1a2b3c4d']]) {
    const ready = await recover(new CutOff(), { ...noConsent, remove });
    assert.ok(typeof ready !== 'string' && ready.plan.unfinished === undefined);
  }
});

test.run();
