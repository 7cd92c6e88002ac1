import { type Diagnostic, refuseErrors } from '../diagnostic.ts';
import type { Document, SourceFile } from './document.ts';
import { parse } from './parse.ts';
import { rules } from './rules/all.ts';
import type { HostDocument } from './rules/rule.ts';
import { withDefaults } from './schema.ts';
import { type SecretUse, secretUsesIn } from './secret-uses.ts';
import { suggest } from './suggest.ts';
import type { ResolvedDatabase, ResolvedDeployFile, ResolvedHostFile } from './types.ts';
import { byPlace, type Contract, validateAgainst } from './validate.ts';

/** The two contracts that files are held against. */
export interface Contracts {
  readonly deploy: Contract;
  readonly host: Contract;
}

/** A host file with the names of its folders: hosts/<environment>/<folder>/host.yaml. */
export interface HostSource {
  readonly environment: string;
  readonly folder: string;
  readonly file: SourceFile;
}

/** All text that decides about an environment. */
export interface Sources {
  readonly deploy: SourceFile;
  readonly hosts: readonly HostSource[];
}

declare const resolved: unique symbol;

/**
 * One environment with nothing left to decide: valid by schema and rules, every default filled in.
 * Only `resolve` makes one. `document` still tells where each key stands.
 */
export interface ResolvedSpec extends Omit<ResolvedDeployFile, 'database'> {
  readonly [resolved]: true;
  /** With its name, which is the project's when the file does not say. */
  readonly database?: ResolvedDatabase & { readonly name: string };
  /** Every place of the file that names a secret. */
  readonly secretUses: readonly SecretUse[];
  readonly environment: string;
  readonly document: Document;
  readonly hosts: readonly ResolvedHostFile[];
}

/** A resolved spec and what is worth saying about it. */
export interface Resolution {
  readonly spec: ResolvedSpec;
  readonly warnings: readonly Diagnostic[];
}

/** Names of the environments: those that have hosts, and those that the deploy file names. */
export function environmentsOf(sources: Sources): string[] {
  const plain = parse(sources.deploy).toPlain() as { environments?: Record<string, unknown> } | null;
  const named = Object.keys(plain?.environments ?? {});
  return [...new Set([...sources.hosts.map((host) => host.environment), ...named])].sort();
}

/**
 * Reads deploy.yaml and the host files of one environment into a spec.
 *
 * @throws DiagnosticsError with every problem of all files at once.
 */
export function resolve(sources: Sources, environment: string, contracts: Contracts): Resolution {
  const whole = parse(sources.deploy);
  const ofEnvironment = sources.hosts.filter((host) => host.environment === environment);
  const hostDocuments = ofEnvironment.map((host) => ({ ...host, document: parse(host.file) }));
  const document = whole.overlaid(environment);
  const problems = [
    ...validateAgainst(contracts.deploy, document),
    ...hostDocuments.flatMap((host) => validateAgainst(contracts.host, host.document)),
    ...unknownEnvironment(sources, environment),
  ];
  refuseErrors(problems.sort(byPlace));

  const file = fill<ResolvedDeployFile>(contracts.deploy, document);
  const hosts: HostDocument[] = hostDocuments.map(({ folder, document: hostDocument }) => ({
    folder,
    document: hostDocument,
    host: fill<ResolvedHostFile>(contracts.host, hostDocument),
  }));
  const { schema } = contracts.deploy;
  const findings = rules
    .flatMap((rule) => rule({ environment, document, whole, schema, spec: file, hosts }))
    .sort(byPlace);
  refuseErrors(findings);
  const database = file.database ? { database: { ...file.database, name: file.database.name ?? file.name } } : {};
  const secretUses = secretUsesIn(schema, document.toPlain());
  const decided = { ...file, ...database, secretUses, environment, document, hosts: hosts.map(({ host }) => host) };
  const spec = decided as unknown as ResolvedSpec;
  return { spec, warnings: findings };
}

const fill = <T>(contract: Contract, document: Document) =>
  withDefaults(contract.schema, contract.schema, document.toPlain()) as T;

function unknownEnvironment(sources: Sources, environment: string): Diagnostic[] {
  const known = environmentsOf(sources);
  if (known.includes(environment) || known.length === 0) return [];
  const near = suggest(environment, known);
  return [
    {
      severity: 'error',
      code: 'environment.unknown',
      subject: environment,
      message: `there is no environment ${environment}; there ${known.length === 1 ? 'is' : 'are'} ${known.join(', ')}`,
      fix: near ? `did you mean --env ${near}?` : `make it: write hosts/${environment}/<host>/host.yaml`,
    },
  ];
}
