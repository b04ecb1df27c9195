import { GetInstanceProfileCommand, IAMClient } from '@aws-sdk/client-iam';
import type { AwsClients } from '../../aws/clients.js';
import { codeOf } from '../../aws/error-code.js';
import { CliError, EXIT } from '../exit.js';
import { asked } from './asked.js';
import { sameAs } from './caller.js';
import { NotMeasured } from './checklist.js';

/**
 * Checks that the instance profile of the nodes exists and holds a role: without one their SSM agents never register.
 *
 * @param named in the document or in this shell's KEELSON_INSTANCE_PROFILE, a name or an ARN; undefined if only the worker's environment
 * has it
 * @throws NotMeasured if no name is known or the person may not ask; CliError `refused` for a profile that does not exist
 */
export async function instanceProfile(aws: AwsClients, region: string, named: string | undefined): Promise<string> {
  if (named === undefined)
    throw new NotMeasured("neither the document nor your shell names it; the worker's KEELSON_INSTANCE_PROFILE counts");
  const InstanceProfileName = named.split('/').at(-1) ?? named;
  const iam = new IAMClient(sameAs(aws, region));
  const { InstanceProfile } = await asked('iam:GetInstanceProfile', async () => {
    try {
      return await iam.send(new GetInstanceProfileCommand({ InstanceProfileName }));
    } catch (error) {
      if (!codeOf(error).startsWith('NoSuchEntity')) throw error;
      throw new CliError(EXIT.refused, `there is no instance profile ${named}`, `aws iam list-instance-profiles`);
    }
  });
  const role = InstanceProfile?.Roles?.[0]?.RoleName;
  if (role === undefined)
    throw new CliError(
      EXIT.refused,
      `the instance profile ${named} holds no role`,
      `aws iam add-role-to-instance-profile --instance-profile-name ${InstanceProfileName} --role-name ROLE`,
    );
  return `${InstanceProfileName}, with role ${role}`;
}
