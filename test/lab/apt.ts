import { execa } from 'execa';

// What a host needs to reach the archive as this machine does: proxies, and leniency about the dates of a mirror.
const taken = /^Acquire::(https?::(?:[\w.-]+::)?Proxy|Check-Valid-Until|Check-Date)$/i;

/**
 * The options of apt, as lines of apt.conf(5), for a lab host: those by which this machine reaches the archive, retries,
 * and no translations (which would double what `apt-get update` loads).
 */
export async function aptOptions(): Promise<string[]> {
  const own = ['Acquire::Languages "none";', 'Acquire::Retries "3";'];
  return [...own, ...(await optionsOfThisMachine()), ...proxyOfEnvironment()];
}

async function optionsOfThisMachine(): Promise<string[]> {
  const { stdout, exitCode } = await execa('apt-config', ['dump', 'Acquire'], { reject: false });
  if (exitCode !== 0) return [];
  return stdout.split('\n').filter((line) => {
    const [key = '', value = ''] = line.split(' ', 2);
    return taken.test(key) && value !== '"";';
  });
}

function proxyOfEnvironment(): string[] {
  const proxy = process.env.http_proxy;
  return proxy ? [`Acquire::http::Proxy "${proxy}";`] : [];
}
