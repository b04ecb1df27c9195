import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { paginateListCommandInvocations, paginateListCommands, SSMClient } from '@aws-sdk/client-ssm';
import { CREDENTIALS } from '../../packages/aws-simulator/src/credentials.js';
import type { StackFixture } from './fixture.js';

/** Where a secret must not be, by the name of the place; every text a person or program could read there. */
export async function textsOf(fixture: StackFixture, cluster: string): Promise<Record<string, string>> {
  const { events } = await fixture.client.workflow.getHandle(`cluster/${cluster}`).fetchHistory();
  return {
    history: textIn(events),
    record: JSON.stringify(await fixture.region('record')),
    commands: await ssmRecord(fixture),
    ...logs(join(fixture.folder, 'stack')),
  };
}

/** All text in a tree: strings, and bytes read as text. Payloads of a history are bytes. */
function textIn(value: unknown): string {
  if (typeof value === 'string') return `${value}\n`;
  if (value instanceof Uint8Array) return `${Buffer.from(value).toString('latin1')}\n`;
  if (typeof value !== 'object' || value === null) return '';
  return Object.values(value).map(textIn).join('');
}

/** What SSM keeps of commands: parameters, comments, outputs. */
async function ssmRecord(fixture: StackFixture): Promise<string> {
  const endpoint = fixture.stack.region.url;
  const ssm = new SSMClient({ region: 'eu-west-1', endpoint, credentials: CREDENTIALS.admin });
  try {
    const pages: unknown[] = [];
    for await (const page of paginateListCommands({ client: ssm }, {})) pages.push(page.Commands);
    for await (const page of paginateListCommandInvocations({ client: ssm }, { Details: true }))
      pages.push(page.CommandInvocations);
    return textIn(pages);
  } finally {
    ssm.destroy();
  }
}

function logs(folder: string): Record<string, string> {
  const files = readdirSync(folder).filter((name) => name.endsWith('.log'));
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}
