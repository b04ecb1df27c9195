/** SSM as the real client sees it. */
import { writeFileSync } from 'node:fs';
import {
  CancelCommandCommand,
  DescribeInstanceInformationCommand,
  GetCommandInvocationCommand,
  type GetCommandInvocationCommandOutput,
  GetParameterCommand,
  ListCommandInvocationsCommand,
  ListCommandsCommand,
  SendCommandCommand,
  type SendCommandCommandInput,
} from '@aws-sdk/client-ssm';
import { afterEach, describe, expect, it } from 'vitest';
import { imageForParameter } from '../../../../packages/aws-simulator/src/ec2/images.js';
import type { Machine } from '../../../../packages/aws-simulator/src/machine/machine.js';
import { type RegionFixture, startRegionFixture, until } from '../machine/fixture.js';

let fixture: RegionFixture;
afterEach(() => fixture.close());

async function send(
  machine: Machine,
  commands: string[],
  more: Partial<SendCommandCommandInput> = {},
): Promise<string> {
  const answer = await fixture.ssm().send(
    new SendCommandCommand({
      DocumentName: 'AWS-RunShellScript',
      InstanceIds: [machine.id],
      Parameters: { commands, executionTimeout: ['60'] },
      ...more,
    }),
  );
  return answer.Command?.CommandId ?? '';
}

async function invocation(machine: Machine, commandId: string): Promise<GetCommandInvocationCommandOutput | undefined> {
  try {
    return await fixture.ssm().send(new GetCommandInvocationCommand({ CommandId: commandId, InstanceId: machine.id }));
  } catch (error) {
    if (error instanceof Error && error.name === 'InvocationDoesNotExist') return undefined;
    throw error;
  }
}

async function ended(machine: Machine, commandId: string): Promise<GetCommandInvocationCommandOutput> {
  let last: GetCommandInvocationCommandOutput | undefined;
  await until(async () => {
    last = await invocation(machine, commandId);
    return last !== undefined && !['Pending', 'InProgress', 'Cancelling'].includes(last.Status ?? '');
  }, 'end of the command');
  if (!last) throw new Error('no invocation');
  return last;
}

describe('a command', () => {
  it('runs by sh on a file, in a bare environment, and tells how it ended', async () => {
    fixture = await startRegionFixture();
    const machine = await fixture.launch('a');
    const id = await send(machine, [
      'env | grep -q ^HOME= && echo home || echo no home',
      'echo "root=$KEELSON_ROOT"',
      'echo oops >&2',
      'exit 3',
    ]);
    const result = await ended(machine, id);
    expect(result).toMatchObject({ Status: 'Failed', StatusDetails: 'Failed', ResponseCode: 3 });
    expect(result.StandardOutputContent).toBe(`no home\nroot=${machine.folder.root}\n`);
    expect(result.StandardErrorContent).toBe('oops\n');
  });

  it('is not known at once, and has no output before its end', async () => {
    // Long enough for two calls, however busy the machine is.
    fixture = await startRegionFixture({ delivery: 2_000 });
    const machine = await fixture.launch('a');
    const id = await send(machine, ['echo early; while [ ! -e "$KEELSON_ROOT/go" ]; do sleep 0.05; done; echo late']);
    expect(await invocation(machine, id)).toBeUndefined();
    const listed = await fixture.ssm().send(new ListCommandInvocationsCommand({ CommandId: id }));
    expect(listed.CommandInvocations).toEqual([]);
    await until(async () => (await invocation(machine, id))?.Status === 'InProgress');
    expect((await invocation(machine, id))?.StandardOutputContent).toBe('');
    writeFileSync(machine.path('/go'), '');
    expect((await ended(machine, id)).StandardOutputContent).toBe('early\nlate\n');
  });

  it('is cut at 24,000 characters of output and 8,000 of errors', async () => {
    fixture = await startRegionFixture();
    const machine = await fixture.launch('a');
    const id = await send(machine, [
      'head -c 100000 /dev/zero | tr "\\0" x',
      'head -c 100000 /dev/zero | tr "\\0" y >&2',
    ]);
    const result = await ended(machine, id);
    expect(result.StandardOutputContent).toHaveLength(24_000);
    expect(result.StandardErrorContent).toHaveLength(8_000);
  });

  it('is ended at its execution time-out, and by a cancel', async () => {
    fixture = await startRegionFixture();
    const machine = await fixture.launch('a');
    const slow = await send(machine, ['sleep 100'], {
      Parameters: { commands: ['sleep 100'], executionTimeout: ['1'] },
    });
    const cancelled = await send(machine, ['sleep 100']);
    await until(async () => (await invocation(machine, cancelled))?.Status === 'InProgress');
    await fixture.ssm().send(new CancelCommandCommand({ CommandId: cancelled }));
    expect(await ended(machine, cancelled)).toMatchObject({ Status: 'Cancelled', StatusDetails: 'Cancelled' });
    expect(await ended(machine, slow)).toMatchObject({ Status: 'TimedOut', StatusDetails: 'ExecutionTimedOut' });
  });

  it('stays in progress when the machine goes down, and reads DeliveryTimedOut when its time is over', async () => {
    fixture = await startRegionFixture();
    const machine = await fixture.launch('a');
    const id = await send(machine, ['sleep 100'], {
      TimeoutSeconds: 1,
      Parameters: { commands: ['sleep 100'], executionTimeout: ['1'] },
    });
    await until(async () => (await invocation(machine, id))?.Status === 'InProgress');
    machine.crash();
    expect(await invocation(machine, id)).toMatchObject({ Status: 'InProgress' });
    expect(await ended(machine, id)).toMatchObject({ Status: 'TimedOut', StatusDetails: 'DeliveryTimedOut' });
  });

  it('waits for an agent that is dead for a while', async () => {
    fixture = await startRegionFixture();
    fixture.world.faults.add({ point: 'ssm.deliver', effect: 'agent-dead', delayMs: 200, times: 1 });
    const machine = await fixture.launch('a');
    const id = await send(machine, ['echo here']);
    await until(async () => (await invocation(machine, id))?.Status === 'Pending');
    expect(machine.agent.online).toBe(false);
    expect((await ended(machine, id)).StandardOutputContent).toBe('here\n');
  });

  it('runs beside at most four others on one machine', async () => {
    fixture = await startRegionFixture();
    const machine = await fixture.launch('a');
    const wait = 'while [ ! -e "$KEELSON_ROOT/go" ]; do sleep 0.05; done';
    const ids = await Promise.all(Array.from({ length: 6 }, () => send(machine, [wait])));
    const states = async () => (await Promise.all(ids.map((id) => invocation(machine, id)))).map((one) => one?.Status);
    await until(async () => (await states()).filter((state) => state === 'InProgress').length === 5);
    expect(await states()).toContain('Pending');
    writeFileSync(machine.path('/go'), '');
    for (const id of ids) expect((await ended(machine, id)).Status).toBe('Success');
  });
});

describe('sending', () => {
  it('is refused for an instance that is not registered, not running, or of another region', async () => {
    fixture = await startRegionFixture();
    const machine = await fixture.launch('a');
    const roleless = await fixture.launch('b', { instanceProfile: null });
    const elsewhere = fixture.ssm('us-east-1').send(
      new SendCommandCommand({
        DocumentName: 'AWS-RunShellScript',
        InstanceIds: [machine.id],
        Parameters: { commands: ['true'] },
      }),
    );
    await expect(elsewhere).rejects.toMatchObject({ name: 'InvalidInstanceId' });
    await expect(send(roleless, ['true'])).rejects.toMatchObject({ name: 'InvalidInstanceId' });
    await machine.shutdown();
    await expect(send(machine, ['true'])).rejects.toMatchObject({ name: 'InvalidInstanceId' });
  });

  it('is refused with a comment of more than 100 characters or more than 50 instances', async () => {
    fixture = await startRegionFixture();
    const machine = await fixture.launch('a');
    await expect(send(machine, ['true'], { Comment: 'x'.repeat(101) })).rejects.toThrow(/less than or equal to 100/);
    const many = Array.from({ length: 51 }, (_, i) => `i-${i}`);
    await expect(send(machine, ['true'], { InstanceIds: many })).rejects.toThrow(/less than or equal to 50/);
  });

  it('reaches all that carry a tag, and is found again by instance, time and comment', async () => {
    fixture = await startRegionFixture();
    const tags = { 'keelson:cluster': 'shop' };
    const a = await fixture.launch('a', { tags });
    const b = await fixture.launch('b', { tags });
    await fixture.launch('c');
    const before = new Date(Date.now() - 1000);
    const answer = await fixture.ssm().send(
      new SendCommandCommand({
        DocumentName: 'AWS-RunShellScript',
        Targets: [{ Key: 'tag:keelson:cluster', Values: ['shop'] }],
        Comment: 'job-1',
        Parameters: { commands: ['true'] },
      }),
    );
    const id = answer.Command?.CommandId ?? '';
    await ended(a, id);
    await ended(b, id);
    const found = await fixture.ssm().send(
      new ListCommandsCommand({
        InstanceId: b.id,
        Filters: [{ key: 'InvokedAfter', value: before.toISOString() }],
      }),
    );
    expect(found.Commands?.map(({ Comment, CommandId }) => [Comment, CommandId])).toEqual([['job-1', id]]);
    const rows = await fixture.ssm().send(new ListCommandInvocationsCommand({ CommandId: id, Details: true }));
    expect(rows.CommandInvocations?.map(({ InstanceId }) => InstanceId).sort()).toEqual([a.id, b.id].sort());
  });
});

describe('the managed instances', () => {
  it('are listed in pages, by filter, with whether their agent is there', async () => {
    fixture = await startRegionFixture();
    const machines = [];
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) machines.push(await fixture.launch(name));
    await machines[0]?.shutdown();
    const first = await fixture.ssm().send(new DescribeInstanceInformationCommand({ MaxResults: 5 }));
    expect(first.InstanceInformationList).toHaveLength(5);
    const second = await fixture.ssm().send(
      new DescribeInstanceInformationCommand({
        MaxResults: 5,
        ...(first.NextToken && { NextToken: first.NextToken }),
      }),
    );
    expect(second.InstanceInformationList).toHaveLength(1);
    expect(second.NextToken).toBeUndefined();
    const ids = machines.slice(0, 2).map(({ id }) => id);
    const two = await fixture
      .ssm()
      .send(new DescribeInstanceInformationCommand({ Filters: [{ Key: 'InstanceIds', Values: ids }] }));
    expect(two.InstanceInformationList?.map(({ PingStatus }) => PingStatus)).toEqual(['ConnectionLost', 'Online']);
    expect(two.InstanceInformationList?.[0]?.RegistrationDate).toBeInstanceOf(Date);
  });
});

describe('parameters', () => {
  it('are those of public images, and no others', async () => {
    fixture = await startRegionFixture();
    const name = '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64';
    const found = await fixture.ssm().send(new GetParameterCommand({ Name: name }));
    expect(found.Parameter?.Value).toBe(imageForParameter(name, 'eu-west-1'));
    await expect(fixture.ssm().send(new GetParameterCommand({ Name: '/own/secret' }))).rejects.toMatchObject({
      name: 'ParameterNotFound',
    });
  });
});
