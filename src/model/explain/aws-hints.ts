import {
  type About,
  alike,
  GROUP,
  INSTANCE,
  instancesOf,
  placeOf,
  type Specific,
  SUBNET,
  unique,
  VOLUME,
} from './about.js';

/** The call at the beginning of a message: `RunInstances t3.medium in subnet-...`. */
const callOf = ({ message }: About): string | null => /^([A-Z][a-z]+[A-Z][A-Za-z]+)\b/.exec(message)?.[1] ?? null;

const throttled: Specific = (about) =>
  `nothing; if it lasts, ask AWS for a higher rate of ${callOf(about) ?? 'API calls'} in ${placeOf(about)}, or run fewer clusters there`;

const outage: Specific = (about) =>
  `nothing; if it lasts, see the AWS Health Dashboard for ${placeOf(about)}: https://health.aws.amazon.com`;

const credentials: Specific = (about) =>
  `give the worker valid credentials for ${placeOf(about)}: aws sts get-caller-identity, in the worker's environment`;

const expired: Specific = ({ region }) =>
  `give the worker fresh credentials for ${region} (temporary ones expire), or set the clock of the worker's machine: AWS answers both with the same code`;

const region: Specific = (about) =>
  `enable the region, or finish the account's verification: aws account get-region-opt-status --region-name ${about.region}${about.account === null ? '' : ` --account-id ${about.account}`}`;

const quota =
  (service: 'ec2' | 'vpc' | 'ebs'): Specific =>
  (about) =>
    `${about.hint}: aws service-quotas list-service-quotas --region ${about.region} --service-code ${service}`;

const addresses: Specific = ({ message, region: of }) => {
  const ids = unique(message, SUBNET);
  const which = ids.length === 0 ? '' : ` --subnet-ids ${ids.join(' ')}`;
  return `free addresses in ${ids.length === 0 ? 'the subnet' : ids.join(', ')}, or add another subnet of ${of} to spec.network.subnetIds: aws ec2 describe-subnets --region ${of}${which}`;
};

const groups: Specific = ({ message, region: of }) => {
  const ids = unique(message, GROUP);
  const which = ids.length === 0 ? '' : ` --group-ids ${ids.join(' ')}`;
  return `name security groups of the cluster's VPC: aws ec2 describe-security-groups --region ${of}${which}`;
};

const inUse: Specific = ({ message, region: of }) => {
  const [group] = unique(message, GROUP);
  return group === undefined
    ? null
    : `find what uses ${group} and delete it, or take the group from it: aws ec2 describe-network-interfaces --region ${of} --filters Name=group-id,Values=${group}`;
};

const protection: Specific = (about) => {
  const [id] = instancesOf(about);
  return id === undefined
    ? null
    : `switch off its protection: aws ec2 modify-instance-attribute --region ${about.region} --instance-id ${id} --no-disable-api-termination (and --no-disable-api-stop)`;
};

const parameter: Specific = ({ message, region: of }) => {
  const name = /(\/[\w./-]+)/.exec(message)?.[1];
  return `name a parameter that exists in ${of} in spec.image.ssmParameter: aws ssm get-parameter --region ${of} --name ${name ?? 'NAME'}`;
};

const profile: Specific = ({ hint }) => `${hint}; those that there are: aws iam list-instance-profiles`;

/** `PutObject my-bucket/clusters/shop/status.yaml: NoSuchBucket`. */
const bucket: Specific = ({ message, hint }) => {
  const name = /\b(?:Put|Get|Head|Delete|List)[A-Za-z0-9]* ([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?=[/: ])/.exec(
    message,
  )?.[1];
  return name === undefined ? null : `${hint}: aws s3api head-bucket --bucket ${name}`;
};

/** Who did it. [docs: CloudTrail, LookupEvents] */
const trail: Specific = (about) => {
  const [id] = instancesOf(about);
  return id === undefined
    ? null
    : `${about.hint}: aws cloudtrail lookup-events --region ${about.region} --lookup-attributes AttributeKey=ResourceName,AttributeValue=${id}`;
};

/** The slot may have its next instance by now. */
const lost: Specific = ({ message, region: of, hint }) => {
  const [id] = unique(message, INSTANCE);
  return id === undefined
    ? null
    : `${hint}; CloudTrail tells who ended it: aws cloudtrail lookup-events --region ${of} --lookup-attributes AttributeKey=ResourceName,AttributeValue=${id}`;
};

const tagged: Specific = ({ message, region: of, hint }) => {
  const ids = unique(message, GROUP);
  return ids.length === 0
    ? `${hint} (in ${of})`
    : `${hint}: aws ec2 create-tags --region ${of} --resources ${ids.join(' ')} --tags Key=keelson-join,Value=ID`;
};

const volume: Specific = ({ message, region: of, hint }) => {
  const ids = unique(message, VOLUME);
  return `${hint}: aws ec2 describe-volumes --region ${of}${ids.length === 0 ? '' : ` --volume-ids ${ids.join(' ')}`}`;
};

const regions: Specific = ({ region: of }) =>
  `${of} does not exist, or is not enabled for the account: set spec.region to one of aws ec2 describe-regions --query Regions[].RegionName`;

const leftovers: Specific = ({ region: of, hint }) => `${hint} --region ${of}`;

/** Hints about what AWS answers. */
export const AWS_HINTS: Readonly<Record<string, Specific>> = {
  ...alike(throttled, 'RequestLimitExceeded', 'EC2ThrottledException', 'Throttling', 'ThrottlingException', 'SlowDown'),
  ...alike(
    throttled,
    'ThrottledException',
    'TooManyRequestsException',
    'RequestThrottled',
    'RequestThrottledException',
  ),
  ...alike(outage, 'InternalError', 'InternalFailure', 'InternalServerError', 'ServiceUnavailable', 'Unavailable'),
  ...alike(credentials, 'AuthFailure', 'InvalidAccessKeyId', 'InvalidClientTokenId', 'UnrecognizedClientException'),
  ...alike(credentials, 'SignatureDoesNotMatch', 'MissingAuthenticationToken', 'CredentialsProviderError'),
  ...alike(expired, 'RequestExpired', 'ExpiredToken', 'ExpiredTokenException'),
  ...alike(region, 'OptInRequired', 'PendingVerification', 'Blocked'),
  ...alike(quota('ec2'), 'VcpuLimitExceeded', 'InstanceLimitExceeded', 'ResourceLimitExceeded'),
  ...alike(quota('ebs'), 'VolumeLimitExceeded', 'MaxIOPSLimitExceeded', 'Client.VolumeLimitExceeded'),
  ...alike(quota('vpc'), 'SecurityGroupLimitExceeded', 'RulesPerSecurityGroupLimitExceeded'),
  ...alike(quota('vpc'), 'SecurityGroupsPerInterfaceLimitExceeded', 'NetworkInterfaceLimitExceeded'),
  ...alike(addresses, 'InsufficientFreeAddressesInSubnet', 'InsufficientAddressCapacity', 'SubnetsTooSmall'),
  ...alike(groups, 'SecurityGroupUnknown', 'SecurityGroupNotInVpc', 'SecurityGroupNotFound'),
  ...alike(inUse, 'DependencyViolation', 'InvalidGroup.InUse'),
  OperationNotPermitted: protection,
  InstanceLost: lost,
  GroupNotJoinable: tagged,
  NameInUse: leftovers,
  RegionUnknown: regions,
  ...alike(trail, 'NodeKeyChanged', 'ForeignInstance', 'Client.UserInitiatedShutdown'),
  ...alike(volume, 'VolumeUnusable', 'VolumeMissing', 'InvalidVolume.NotFound'),
  ...alike(parameter, 'ParameterNotFound', 'ParameterVersionNotFound'),
  ...alike(profile, 'InstanceProfileUnknown', 'InstanceProfileMissing'),
  ...alike(bucket, 'NoSuchBucket', 'BucketMissing', 'KMS.AccessDeniedException', 'KMS.DisabledException'),
};
