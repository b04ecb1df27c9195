/** `/_region/...`: the record of the simulator, fault plans, and changes that someone else makes to instances. */
import * as z from 'zod';
import { json, withBody } from './admin-json.js';
import type { HttpReply, MachineHost } from './contract.js';
import { criticalPath } from './critical-path.js';
import { STATUS_CHECKS } from './ec2/account.js';
import type { Ec2 } from './ec2/handle.js';
import { newId } from './ec2/ids.js';
import { duplicates, leftovers } from './evidence.js';
import type { Request } from './http.js';
import type { Iam } from './iam/iam.js';
import { serveMachineChange } from './machine-changes.js';
import { countMachines, serveCopies } from './paper/copies/index.js';
import type { Published } from './published.js';
import type { S3 } from './s3/handle.js';
import { serveStaleNodes } from './stale-nodes.js';
import type { LocalWorld } from './world.js';

export interface AdminDeps {
  world: LocalWorld;
  host: MachineHost;
  ec2: Ec2;
  s3: S3;
  iam: Iam;
  published: Published;
  about: Record<string, unknown>;
}

/** S3 itself takes no part below 5 MiB but the last. */
const s3Schema = z.strictObject({ leastPartBytes: z.int().positive() });

/** Returns what `/_region/` can be asked; see the README. */
export function serveAdmin(
  deps: AdminDeps,
  { method, rawPath, rawQuery, body }: Request,
): HttpReply | Promise<HttpReply> {
  const query = new URLSearchParams(rawQuery);
  const [, , what = '', id, action] = rawPath.split('/');
  switch (`${method} ${what}`) {
    case 'GET ':
      return json(200, deps.about);
    case 'GET record':
      return json(200, recordOf(deps, query));
    case 'GET instances':
      return json(
        200,
        [...deps.world.instances.values()].map(({ userData: _, ...instance }) => instance),
      );
    case 'GET networks':
      return json(200, networksOf(deps.ec2, query.get('region') ?? ''));
    case 'GET leftovers':
      return json(200, leftovers(deps.ec2, deps.s3, { cluster: query.get('cluster'), uid: query.get('uid') }));
    case 'GET duplicates':
      return json(200, duplicates(deps.world.record.launches));
    case 'GET critical-path':
      return json(200, pathOf(deps.world, query));
    case 'GET permissions':
      return json(200, { used: deps.iam.used });
    case 'GET published':
      return json(200, deps.published.list(query.get('to')));
    case 'GET faults':
      return json(200, deps.world.faults.list());
    case 'POST faults':
      return withBody(body, 'a fault plan', { parse: (plan) => deps.world.faults.add(plan) }, (ids) =>
        json(201, { ids }),
      );
    case 'DELETE faults':
      deps.world.faults.remove(id);
      return json(200, { removed: id ?? 'all' });
    case 'POST instances':
      if (id === undefined) return withBody(body, 'a list of instances', seedSchema, (seeds) => seed(deps, seeds));
      return act(deps, id, action ?? '', query);
    case 'GET copies':
      return countMachines(deps);
    case 'POST copies':
      return serveCopies(deps, body);
    case 'POST machines':
      return serveMachineChange(deps.world, deps.host, id ?? '', body);
    case 'POST s3':
      return withBody(body, 'settings of S3', s3Schema, ({ leastPartBytes }) => {
        deps.s3.leastPartBytes = leastPartBytes;
        return json(200, { leastPartBytes });
      });
    case 'POST stale-nodes':
      return serveStaleNodes(deps.world, deps.host, body);
    default:
      return json(404, { error: `the local region has no ${method} ${rawPath}` });
  }
}

/** VPCs with their subnets. */
function networksOf({ accounts }: Ec2, region: string): object {
  const { vpcs = [], subnets = [] } = accounts.get(region) ?? {};
  const subnetsOf = (vpc: string) => subnets.flatMap(({ id, vpcId }) => (vpcId === vpc ? [id] : []));
  return { vpcs: vpcs.map(({ id, isDefault }) => ({ id, isDefault, subnetIds: subnetsOf(id) })) };
}

/** `?calls=false` leaves the calls out, which are the bulk. */
function recordOf({ world }: AdminDeps, query: URLSearchParams): object {
  const { startedAt, launches, notes, calls } = world.record;
  return { startedAt, launches, notes, spans: world.spans.all, ...(query.get('calls') !== 'false' && { calls }) };
}

/** `?cluster=<name>` or `?uid=<uid>`, `&since=`, `&until=` as ISO 8601 or milliseconds. */
function pathOf(world: LocalWorld, query: URLSearchParams): object {
  const cluster = query.get('cluster');
  const uid = query.get('uid');
  const of = world.record.launches.filter(({ tags }) => cluster === null || tags['keelson:cluster'] === cluster);
  const uids = uid !== null ? [uid] : of.flatMap(({ tags }) => tags['keelson:uid'] ?? []);
  const everything = cluster === null && uid === null;
  return criticalPath(world.spans.all, {
    uids: everything ? null : new Set(uids),
    since: timeOf(query.get('since')) ?? 0,
    until: timeOf(query.get('until')) ?? Number.POSITIVE_INFINITY,
  });
}

const seedSchema = z.array(
  z.strictObject({ region: z.string(), instanceType: z.string(), tags: z.record(z.string(), z.string()) }),
);

/** Many instances in one request, spread over the zones, without the limits of the account. */
async function seed({ ec2 }: AdminDeps, seeds: z.output<typeof seedSchema>): Promise<HttpReply> {
  await Promise.all(
    seeds.map(({ region, instanceType, tags }, index) => {
      const account = ec2.accounts.get(region);
      const form = new URLSearchParams({
        ImageId: account?.images.find((image) => image.architecture === 'x86_64')?.id ?? '',
        InstanceType: instanceType,
        MinCount: '1',
        MaxCount: '1',
        SubnetId: account?.subnets[index % account.subnets.length]?.id ?? '',
        'IamInstanceProfile.Name': 'keelson-node',
        'TagSpecification.1.ResourceType': 'instance',
      });
      for (const [at, [key, value]] of Object.entries(tags).entries()) {
        form.set(`TagSpecification.1.Tag.${at + 1}.Key`, key);
        form.set(`TagSpecification.1.Tag.${at + 1}.Value`, value);
      }
      return ec2.seed(region, form);
    }),
  );
  return json(201, { launched: seeds.length });
}

/** As if someone did it in the console, or EC2 itself; `?hard` without a shutdown of the operating system, `?check=` for impair. */
function act({ world, ec2 }: AdminDeps, id: string, action: string, query: URLSearchParams): HttpReply {
  const hard = query.has('hard');
  const check = STATUS_CHECKS.find((one) => one === (query.get('check') ?? 'system'));
  for (const account of ec2.accounts.values()) {
    const instance = account.instances.get(id);
    if (instance === undefined) continue;
    const options = { force: hard, by: 'Client.User' };
    const { lifecycle } = ec2;
    if (action === 'terminate') lifecycle.terminate(account, instance, options);
    else if (action === 'stop' && instance.state === 'running') lifecycle.stop(account, instance, options);
    else if (action === 'start' && instance.state === 'stopped') lifecycle.start(account, instance);
    else if (action === 'reboot' && instance.state === 'running') lifecycle.reboot(instance);
    else if (action === 'crash' && instance.state === 'running') lifecycle.crash(instance);
    else if (action === 'impair' && instance.state === 'running' && check !== undefined)
      lifecycle.fail(instance, check);
    else if (action === 'recover' && instance.state === 'running') lifecycle.recover(instance);
    else if (action === 'attach-interface' && (instance.state === 'running' || instance.state === 'stopped'))
      instance.furtherInterfaces.push({ id: newId('eni'), securityGroupIds: [...instance.securityGroupIds] });
    else return json(409, { error: `a ${instance.state} instance: cannot ${action}` });
    world.note('outside', { instanceId: id, action, hard });
    return json(200, { id, state: instance.state });
  }
  return json(404, { error: `there is no instance ${id}` });
}

function timeOf(text: string | null): number | null {
  if (text === null) return null;
  const time = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  return Number.isNaN(time) ? null : time;
}
