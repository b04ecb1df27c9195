import * as z from 'zod';
import { ROLE_ARN } from '../../account-role.js';
import { text } from './field.js';

export const account = z
  .strictObject({
    roleArn: text(
      ROLE_ARN,
      'is not the ARN of an IAM role',
      'Role in the other account that the worker assumes. It may become another role of the same account; the account never changes.',
      'arn:aws:iam::222222222222:role/keelson/keelson-member',
    ),
    // Syntax of an external id. [STS API: AssumeRole, ExternalId]
    externalId: text(
      /^[\w+=,.@:/-]{2,1224}$/,
      'is not an external id (2 to 1224 letters, digits and + = , . @ : / - _)',
      "External id that the role's trust policy asks for. Not a secret.",
      'keelson-6e9b0a4c',
    ).optional(),
  })
  .describe("The AWS account of the cluster. If absent: the worker's own. The bucket is the worker's in both cases.");
