/** The policy of docs/how-to/teams.md, judged as it stands there. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Evaluator } from '../../../../packages/aws-simulator/src/iam/evaluator.js';
import type { Statement } from '../../../../packages/aws-simulator/src/iam/policies.js';

const PAGE = readFileSync(new URL('../../../../docs/how-to/teams.md', import.meta.url), 'utf8');
const ROLE = 'arn:aws:iam::000000000000:role/team-a';

function teamPolicy(): Statement[] {
  const [, json = ''] = /```json\n(.*?)```/s.exec(PAGE) ?? [];
  const text = json
    .replaceAll('BUCKET', 'ops')
    .replaceAll('PREFIX', 'team-a-')
    .replaceAll('KEY', 'arn:aws:kms:x:1:key/k');
  const { Statement: statements } = JSON.parse(text) as { Statement: (Statement & { Action: string | string[] })[] };
  return statements.map((one) => ({ ...one, Action: [one.Action].flat() }));
}

async function may(action: string, key: string): Promise<boolean> {
  const policy = new Evaluator({ name: 'team', statements: teamPolicy() }, 'identity');
  const resource = `arn:aws:s3:::ops/clusters/${key}`;
  const { verdict } = await policy.judge(ROLE, { action, resource, kind: 'object', keys: {} });
  return verdict === 'allowed';
}

describe('the policy of a team', () => {
  it.each([
    ['s3:PutObject', 'team-a-shop/config.yaml'],
    ['s3:GetObject', 'team-a-shop/status.yaml'],
    ['s3:GetObject', 'team-a-shop/kubeconfig'],
  ])('allows %s of its own %s', async (action, key) => {
    expect(await may(action, key)).toBe(true);
  });

  it.each([
    ['s3:PutObject', 'team-b-shop/config.yaml'],
    ['s3:GetObject', 'team-b-shop/config.yaml'],
    ['s3:GetObject', 'team-b-shop/kubeconfig'],
    ['s3:GetObject', 'shop/status.yaml'],
    ['s3:GetObject', 'team-a-shop/k3s-server-token'],
    ['s3:PutObject', 'team-a-shop/kubeconfig'],
    ['s3:PutObject', 'team-a-shop/owner.json'],
    ['s3:DeleteObject', 'team-a-shop/config.yaml'],
  ])('does not allow %s of %s', async (action, key) => {
    expect(await may(action, key)).toBe(false);
  });
});
