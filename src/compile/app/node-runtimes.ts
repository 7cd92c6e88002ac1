import type { ResolvedHostFile } from '../../spec/types.ts';

/** One official Node.js build, as packed in the npm package node-linux-<arch>. */
export interface NodeRuntime {
  /** Exact version, such as 24.21.0. */
  readonly version: string;
  /** The npm package that holds it. */
  readonly package: string;
  /** Subresource integrity of the package's tarball, as in package-lock.json. */
  readonly integrity: string;
}

/** The newest release of each supported line, seen in November 2026. */
const pins: Record<number, { version: string; integrity: Record<'x64' | 'arm64', string> }> = {
  22: {
    version: '22.23.3',
    integrity: {
      x64: 'sha512-qHnz5tFsHoj/WM+uRENVjWONi5hVvmwrgq8A4V76KpuVNAc4+jwK8x4gwbobE9BtHNg/AKR2583eYorLF/c7ng==',
      arm64: 'sha512-l3DAHZreylo+p9QXDtsOrjG2JXJqVzYXnAGmIQNOUNARcMppTO2cmewVQP+36tjJnSE+dzpMNtgW+c3oiDvXtA==',
    },
  },
  24: {
    version: '24.21.0',
    integrity: {
      x64: 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
      arm64: 'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
    },
  },
};

/** The runtime for a major version on a host's architecture. */
export function nodeRuntime(major: number, architecture: ResolvedHostFile['architecture']): NodeRuntime {
  const pin = pins[major];
  if (!pin) throw new Error(`no Node.js ${major} is pinned`);
  const arch = architecture === 'amd64' ? 'x64' : 'arm64';
  return { version: pin.version, package: `node-linux-${arch}`, integrity: pin.integrity[arch] };
}
