import { databaseClients, hasRole } from '../../compile/topology.ts';
import type { ResolvedHostFile } from '../types.ts';
import type { HostDocument, Rule, RuleContext } from './rule.ts';

export type Database = NonNullable<RuleContext['spec']['database']>;

/** A rule about the section database; it has nothing to say where there is none. */
export const aboutDatabase =
  (rule: (context: RuleContext, database: Database) => ReturnType<Rule>): Rule =>
  (context) =>
    context.spec.database ? rule(context, context.spec.database) : [];

/** The hosts that PostgreSQL runs on as a package. */
export const servers = ({ hosts }: RuleContext, { placement }: Database): HostDocument[] =>
  placement === 'host' ? hosts.filter(({ host }) => hasRole(host, 'database')) : [];

/** The hosts without their documents. */
export const allHosts = ({ hosts }: Pick<RuleContext, 'hosts'>): ResolvedHostFile[] => hosts.map(({ host }) => host);

/** Whether anybody may connect to the server of a host over a network. */
export const isReachedByNetwork = (context: RuleContext, { allow }: Database, host: ResolvedHostFile) =>
  allow.length > 0 || databaseClients(allHosts(context), host).length > 0;
