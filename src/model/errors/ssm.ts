import { alike, type KnownErrors } from './known.js';

/** Codes of SSM. [docs: SSM API reference, SendCommand, GetCommandInvocation, GetParameter; command statuses] */
export const SSM_ERRORS: KnownErrors = {
  ...alike('SSM', 'not-found-yet', 'nothing; the command shows after a moment', [
    'InvocationDoesNotExist',
    'InvalidCommandId',
  ]),
  ...alike(
    'SSM',
    'not-found-yet',
    'if it lasts: see that the instance has a profile with AmazonSSMManagedInstanceCore and a way out to SSM',
    ['InvalidInstanceId', 'InvalidInstanceInformationFilterValue', 'TargetNotConnected'],
  ),
  ...alike('SSM', 'conflict', 'nothing; the command has already ended', ['DuplicateInstanceId', 'InvalidResourceType']),
  ...alike('SSM', 'quota', 'shorten k3s.config; a command holds a limited amount of text', ['MaxDocumentSizeExceeded']),
  ...alike('SSM', 'invalid', 'name a parameter that exists in this region in spec.image.ssmParameter', [
    'ParameterNotFound',
    'ParameterVersionNotFound',
    'InvalidKeyId',
  ]),
  ...alike('SSM', 'invalid', 'see that the account has the document AWS-RunShellScript in this region', [
    'InvalidDocument',
    'InvalidDocumentVersion',
    'InvalidParameters',
    'InvalidPluginName',
    'UnsupportedPlatformType',
  ]),
};
