import { cpSync, lstatSync, mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type LabHost, startHost } from '../lab/host.ts';
import { LabProject, type Run } from '../lab/project.ts';
import type { Release } from '../lab/releases.ts';
import type { Target } from './ask.ts';
import { type Certificate, makeCertificate } from './certificate.ts';

/** A text of deploy.yaml and what takes its place. */
export type Edit = readonly [before: string, after: string];

export const site = 'localhost';
/** The site of a service that is set up by hand beside it. */
export const plainSite = 'plain.localhost';

const tlsFromFiles = `tls:
  provider: files
  certificate: TLS_CERTIFICATE
  key: TLS_KEY

secrets:
  TLS_CERTIFICATE: { from: file, path: secrets/site.pem }
  TLS_KEY: { from: file, path: secrets/site.key }
`;

const notSource = new Set(['node_modules', 'dist']);

/** A lab host that serves the notes API, and the project that it is deployed from. */
export class Ground {
  private round = 0;

  private constructor(
    readonly host: LabHost,
    readonly project: LabProject,
    private readonly certificate: Certificate | undefined,
  ) {}

  /** Starts a host, and applies to it the project with or without TLS. @throws Error when that does not converge. */
  static async open(release: Release, tls: boolean): Promise<Ground> {
    const certificate = tls ? await makeCertificate([site, plainSite]) : undefined;
    const host = await startHost({ release, image: 'warm', hostname: 'web-1' });
    const ground = new Ground(host, new LabProject(), certificate);
    try {
      ground.project.addHost(host);
      ground.writeSecrets();
      ground.write();
      const { exitCode, text } = await ground.project.run('apply');
      if (exitCode !== 0) throw new Error(`the first apply ended with ${exitCode}:\n${text}`);
      return ground;
    } catch (error) {
      await ground.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.host.stop();
    this.project.remove();
  }

  private writeSecrets(): void {
    if (!this.certificate) return;
    const folder = join(this.project.folder, 'secrets');
    mkdirSync(folder);
    writeFileSync(join(folder, 'site.pem'), this.certificate.certificate, { mode: 0o600 });
    writeFileSync(join(folder, 'site.key'), this.certificate.key, { mode: 0o600 });
  }

  /**
   * Writes deploy.yaml anew. Each time a variable of the program has another value, which makes another release.
   *
   * @param edits on top of that.
   */
  write(...edits: readonly Edit[]): void {
    this.round += 1;
    const usual: Edit[] = [
      ['    LOG_LEVEL: info', `    LOG_LEVEL: info\n    ROUND: ${this.round}`],
      // As a user's deploy.yaml has it, which says nothing about it.
      ['    app:\n      health:\n        steady: 1s\n', ''],
      ...(this.certificate ? [['tls:\n  provider: none\n', tlsFromFiles] as const] : []),
    ];
    this.project.reset();
    for (const [before, after] of [...usual, ...edits]) this.project.edit(before, after);
  }

  /** Deploys a new release. */
  deploy(...edits: readonly Edit[]): Promise<Run> {
    this.write(...edits);
    return this.project.run('apply', '--json');
  }

  target(protocol: Target['protocol'], name = site): Target {
    if (!this.certificate) return { protocol, port: this.host.httpPort, name };
    return { protocol, port: this.host.httpsPort, name, authority: this.certificate.authority };
  }

  /** The name of the release that serves. */
  async live(): Promise<string> {
    return basename((await this.host.sh('readlink -f /run/notes/release')).trim());
  }

  /** Writes a file of the program in a copy of its source that only this project has. */
  writeSource(path: string, content: string): void {
    const folder = join(this.project.folder, 'service');
    if (lstatSync(folder).isSymbolicLink()) {
      const original = realpathSync(folder);
      rmSync(folder);
      cpSync(original, folder, { recursive: true, filter: (from) => !notSource.has(basename(from)) });
    }
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }

  /** Takes a file of the copy away. */
  removeSource(path: string): void {
    rmSync(join(this.project.folder, 'service', path));
  }
}
