import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const read = (file: string): string => readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8');

interface Rules {
  groups: { rules: { alert: string; expr: string }[] }[];
}
interface RuleTests {
  tests: { alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }[];
}

const rules = (parse(read('deploy/prometheus/alerts.yaml')) as Rules).groups.flatMap((group) => group.rules);
const cases = (parse(read('deploy/prometheus/alerts.test.yaml')) as RuleTests).tests.flatMap(
  (one) => one.alert_rule_test,
);
/** Families that docs/reference/metrics.md promises; test/e2e/metrics.test.ts scrapes them. */
const promised = new Set(
  read('docs/reference/metrics.md')
    .match(/`keelson_\w+`/g)
    ?.map((name) => name.slice(1, -1)),
);
const familiesIn = (text: string): string[] =>
  [...new Set(text.match(/\bkeelson_\w+/g))].map((name) => name.replace(/_(bucket|sum|count)$/, ''));

describe('the alert rules', () => {
  it('have each a promtool test in which they fire', () => {
    const fires = new Set(
      cases.filter(({ exp_alerts: alerts }) => alerts.length > 0).map(({ alertname }) => alertname),
    );
    expect(rules.map(({ alert }) => alert).filter((alert) => !fires.has(alert))).toEqual([]);
  });

  it.each(['deploy/prometheus/alerts.yaml', 'deploy/prometheus/alerts.test.yaml', 'deploy/grafana/keelson.json'])(
    'and %s ask for metrics that the worker has',
    (file) => {
      const families = familiesIn(read(file));
      expect(families).not.toEqual([]);
      expect(families.filter((name) => !promised.has(name))).toEqual([]);
    },
  );
});
