/** IAM's SimulatePrincipalPolicy and GetInstanceProfile in the Query protocol: a person's questions before anything is made. [IAM API] */
import { AwsError, errorReply } from '../aws-error.js';
import type { AwsCall, HttpReply } from '../contract.js';
import { formOf } from '../ec2/form.js';
import { Params } from '../ec2/params.js';
import type { LocalWorld } from '../world.js';
import { element, repeated, XML_DECLARATION } from '../xml.js';
import type { Iam } from './iam.js';
import { roleOfProfile } from './principals.js';

const NAMESPACE = ' xmlns="https://iam.amazonaws.com/doc/2010-05-08/"';

export async function handleIam(world: LocalWorld, iam: Iam, call: AwsCall, requestId: string): Promise<HttpReply> {
  try {
    const params = Params.parse(formOf(call));
    const isSimulation = call.action === 'SimulatePrincipalPolicy';
    const result = isSimulation ? await simulated(iam, params) : instanceProfile(world, call, params);
    const inner = `<${call.action}Result>${result}</${call.action}Result>${element('ResponseMetadata', { RequestId: requestId })}`;
    const body = `${XML_DECLARATION}<${call.action}Response${NAMESPACE}>${inner}</${call.action}Response>`;
    return { status: 200, headers: { 'content-type': 'text/xml' }, body };
  } catch (error) {
    if (error instanceof AwsError) return errorReply('iam', error, requestId);
    throw error;
  }
}

/**
 * Returns the decision on each action and resource, by the identity's own policies, without the bucket's. [IAM API:
 * SimulatePrincipalPolicy]
 */
async function simulated(iam: Iam, params: Params): Promise<string> {
  const source = params.required('PolicySourceArn');
  const resources = params.struct('ResourceArns').list('member');
  const results: string[] = [];
  for (const action of params.struct('ActionNames').list('member'))
    for (const resource of resources.length === 0 ? ['*'] : resources) {
      const EvalDecision = await iam.decisionFor(source, action, resource);
      if (EvalDecision === null) throw noSuchEntity(`No such entity: ${source}`);
      const MatchedStatements = '';
      results.push(
        element('member', { EvalActionName: action, EvalResourceName: resource, EvalDecision, MatchedStatements }),
      );
    }
  return `<IsTruncated>false</IsTruncated><EvaluationResults>${results.join('')}</EvaluationResults>`;
}

/** Every well-formed name exists, unless a fault plan at `instance-profile` says `unknown`, as for RunInstances. */
function instanceProfile(world: LocalWorld, call: AwsCall, params: Params): string {
  const name = params.required('InstanceProfileName');
  if (world.fault('instance-profile', { name, region: call.region })?.effect === 'unknown')
    throw noSuchEntity(`Instance Profile ${name} cannot be found.`);
  const CreateDate = '2026-01-01T00:00:00Z';
  const Arn = roleOfProfile(name);
  const role = { Path: '/', RoleName: Arn.split('/').at(-1), RoleId: 'AROAKEELSONLOCAL00001', Arn, CreateDate };
  const profile = {
    Path: '/',
    InstanceProfileName: name,
    InstanceProfileId: 'AIPAKEELSONLOCAL00000',
    Arn: `arn:aws:iam::${call.account}:instance-profile/${name}`,
    CreateDate,
  };
  const members = Object.entries(profile).map(([key, value]) => element(key, value));
  return `<InstanceProfile>${members.join('')}<Roles>${repeated('member', [role])}</Roles></InstanceProfile>`;
}

const noSuchEntity = (message: string): AwsError => new AwsError('NoSuchEntity', 404, message);
