import { gatePort, layout, type Slot, slotPort, slots } from '../../resources/layout.ts';
import type { FileResource, Resource } from '../../resources/resource.ts';
import { recycles } from '../../spec/rules/processes.ts';
import type { CompileInput } from '../compile.ts';
import { directory, file } from '../parts.ts';
import { render } from '../render.ts';
import { addressFor, hasRemoteProxy } from '../topology.ts';
import { from, type Traced, tracer } from '../trace.ts';
import { credentialsOf } from './credentials.ts';
import { lifetimeVariables } from './environment.ts';
import { inUrl } from './places.ts';
import { processContext } from './process.ts';

/** Program of the package systemd that carries connections from a socket to another (systemd-socket-proxyd(8)). */
const socketProxy = '/lib/systemd/systemd-socket-proxyd';

const instanceNumbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

/** The files of the web instances in both slots; a release changes when one of them does. */
export function webFiles(input: CompileInput): FileResource[] {
  const units = slots.map((slot) => instanceUnit(input, slot));
  return listensOnPort(input) ? [...units, ...slots.flatMap((slot) => slotProxy(input, slot))] : units;
}

/** What else the web instances need: the folder of the port files. */
export const webFolders = (input: CompileInput): Resource[] => (listensOnPort(input) ? [portFolder(input)] : []);

const listensOnPort = ({ spec }: CompileInput) => spec.app.listen === 'port';

const portFolder = ({ spec }: CompileInput) => {
  const { settings, ports } = layout(spec.name);
  return directory(ports, 'app.listen', { needs: [`directory:${settings}`] });
};

function instanceUnit(input: CompileInput, slot: Slot): FileResource {
  const { spec, templates } = input;
  const paths = layout(spec.name);
  const key = tracer(spec);
  const onPort = listensOnPort(input);
  const { recycle, drain } = spec.app;
  // systemd counts every start by itself, also after an end that was meant, and never forgets them while the unit is up.
  const backoff = input.target.systemd.restartSteps && !recycles(spec.app);
  const context = processContext(input, {
    ...spec.app,
    key: 'app',
    command: spec.app.start,
    commandKey: 'app.start',
    loopback: onPort,
    release: paths.slot(slot),
    identifier: spec.name,
    environmentFiles: onPort ? [from('app.listen', paths.portFile(slot, '%i'), 'systemd-specifiers')] : [],
    credentials: credentialsOf(input),
    patches: spec.patches.systemd.web,
    patchKey: 'patches.systemd.web',
  });
  const rendered = render(templates, 'systemd/app@.service', 'systemd', {
    ...context,
    backoff: from('app.recycle', backoff),
    slot: from('app', slot),
    sockets: from('name', paths.sockets(slot)),
    onSocket: from('app.listen', !onPort),
    onPort: from('app.listen', onPort),
    lifetime: lifetimeVariables(spec).map(({ variable, content }) => ({ variable, content })),
    memoryHigh: recycle.memory === undefined ? [] : [key('app.recycle.memory')],
    drain: from('app.drain', drain),
  });
  return file(`/etc/systemd/system/${paths.unit(slot)}`, rendered, 'app');
}

/**
 * A socket in front of each port of a slot, so that Nginx and the release find what they always find. It lives as long as its
 * instance, and ends after it, so that the instance can drain through it.
 */
function slotProxy(input: CompileInput, slot: Slot): FileResource[] {
  const { spec, templates } = input;
  const paths = layout(spec.name);
  const context = {
    name: from('name', spec.name),
    slot: from('app', slot),
    sockets: from('name', paths.sockets(slot)),
    socketGroup: socketGroup(spec),
    portFile: from('app.listen', paths.portFile(slot, '%i'), 'systemd-specifiers'),
    program: from('app.listen', socketProxy, 'systemd-exec'),
  };
  const unit = (type: 'socket' | 'service') =>
    file(
      `/etc/systemd/system/${spec.name}-${slot}-proxy@.${type}`,
      render(templates, `systemd/slot-proxy@.${type}`, 'systemd', context),
      'app.listen',
    );
  return [unit('socket'), unit('service'), ...portFiles(input, slot)];
}

/** The port of each instance: units can count no further than their own number. */
function portFiles(input: CompileInput, slot: Slot): FileResource[] {
  const { spec, templates } = input;
  const paths = layout(spec.name);
  return instanceNumbers(spec.app.instances).map((instance) => {
    const variables = [
      { variable: from('app.listen', 'HOST', 'identifier'), content: from('app.listen', '127.0.0.1') },
      {
        variable: from('app.port', 'PORT', 'identifier'),
        content: from('app.port', slotPort(spec.app.port, slot, instance)),
      },
    ];
    const about = from('app.listen', `the TCP port of instance ${instance} in the slot ${slot}`, 'systemd');
    const context = { name: from('name', spec.name, 'systemd'), about, variables };
    const rendered = render(templates, 'environment/process.env', 'environment-file', context);
    return file(paths.portFile(slot, instance), rendered, 'app.listen', { needs: [portFolder(input).id] });
  });
}

/** Who may connect to the instances: the group that Nginx runs as, or the program's own where there is no proxy. */
export const socketGroup = (spec: CompileInput['spec']): Traced =>
  spec.proxy ? from('proxy', 'www-data') : from('name', spec.name);

/**
 * For proxies on other hosts: a port in the private network for each instance of the live slot. The process behind it holds no
 * network of its own, only the connections that systemd hands to it.
 */
export function gate(input: CompileInput): Resource[] {
  const { spec, host, templates } = input;
  if (!hasRemoteProxy(spec, spec.hosts, host)) return [];
  const { name, app } = spec;
  const service = file(
    `/etc/systemd/system/${name}-gate@.service`,
    render(templates, 'systemd/gate@.service', 'systemd', {
      name: from('name', name),
      program: from('name', socketProxy, 'systemd-exec'),
      live: from('name', layout(name).live),
    }),
    'app.port',
  );
  return [service, ...instanceNumbers(app.instances).flatMap((instance) => gateSocket(input, instance, service.id))];
}

function gateSocket({ spec, host, templates }: CompileInput, instance: number, service: string): Resource[] {
  const { name, app } = spec;
  const unit = `${name}-gate-${instance}.socket`;
  const address = `${inUrl(addressFor(host))}:${gatePort(app.port, instance)}`;
  const rendered = render(templates, 'systemd/gate.socket', 'systemd', {
    name: from('name', name),
    instance: from('app.instances', instance),
    address: from('app.port', address),
  });
  const socket = file(`/etc/systemd/system/${unit}`, rendered, 'app.port');
  return [
    socket,
    {
      kind: 'unit',
      id: `unit:${unit}`,
      name: unit,
      origin: 'app.port',
      needs: [socket.id, service, `user:${name}`],
      inputs: [
        { id: socket.id, effect: 'restart' },
        { id: service, effect: 'restart' },
      ],
    },
  ];
}
