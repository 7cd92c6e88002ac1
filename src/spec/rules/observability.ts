import { type Rule, warning } from './rule.ts';

const alertsToNobody: Rule = ({ document, spec }) => {
  const { alerts } = spec.observability;
  if (alerts.webhook !== undefined) return [];
  return Object.keys(alerts)
    .filter((key) => document.has(['observability', 'alerts', key]))
    .slice(0, 1)
    .map((key) =>
      warning(
        document,
        ['observability', 'alerts', key],
        'observability.no-webhook',
        `observability.alerts.${key} does nothing: alarms have nowhere to go`,
        'add "webhook:" with the name of the secret that holds the URL, or delete it',
        'key',
      ),
    );
};

/** Rules about what hosts tell. */
export const observabilityRules: readonly Rule[] = [alertsToNobody];
