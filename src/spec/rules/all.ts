import { appRules } from './app.ts';
import { backupsRules } from './backups.ts';
import { cacheRules } from './cache.ts';
import { ciRules } from './ci.ts';
import { databaseRules } from './database.ts';
import { baselineRules } from './host.ts';
import { hostRules } from './hosts.ts';
import { patchRules } from './patches.ts';
import { proxyRules } from './proxy.ts';
import type { Rule } from './rule.ts';
import { secretsRules } from './secrets.ts';
import { targetRules } from './targets.ts';
import { tlsRules } from './tls.ts';

/** All rules, a file for each section. Findings are sorted by their place. */
export const rules: readonly Rule[] = [
  ...appRules,
  ...proxyRules,
  ...tlsRules,
  ...databaseRules,
  ...cacheRules,
  ...backupsRules,
  ...secretsRules,
  ...baselineRules,
  ...hostRules,
  ...targetRules,
  ...ciRules,
  ...patchRules,
];
