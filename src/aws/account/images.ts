import { DescribeImagesCommand, type EC2Client, type Image } from '@aws-sdk/client-ec2';
import { GetParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import type { ClusterSpec } from '../../model/spec/schema.js';
import type { Architecture, ImageChoice, LaunchConfig } from '../../model/state.js';
import { codeOf, hasCode } from '../error-code.js';
import { toFailure } from '../failure.js';
import { invalid } from './invalid.js';
import { type Ask, askAlways, type Keep } from './questions.js';

/** Public parameters of Amazon Linux 2023 [docs: AL2023 on EC2]; its image has an SSM agent, and no jq. */
const DEFAULT_PARAMETER: Record<Architecture, string> = {
  amd64: '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64',
  arm64: '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64',
};

const ARCHITECTURE: Record<string, Architecture> = { x86_64: 'amd64', arm64: 'arm64' };

export interface ImageSource {
  ec2: EC2Client;
  ssm: SSMClient;
  region: string;
}

export interface ResolvedImages {
  images: LaunchConfig['images'];
  /** The largest root volume among them; null if EC2 does not say. */
  sizeGiB: number | null;
}

/** Looks up the image of each architecture in use, once, to pin it. A parameter that the document names is asked each time: who has just changed it wants the new image. */
export async function resolveImages(
  source: ImageSource,
  image: ClusterSpec['image'],
  types: LaunchConfig['instanceTypes'],
  ask: Ask = askAlways,
): Promise<ResolvedImages> {
  const imageOf = (id: string, keep: Keep): Promise<Image> =>
    ask([source.region, 'image', id], keep, () => describeImage(source, id));
  const architectures = [...new Set(Object.values(types).map((type) => type.architecture))];
  const named = image === undefined ? undefined : 'id' in image ? image : image.ssmParameter;
  if (named === undefined) {
    const images = await Promise.all(
      architectures.map(async (architecture) => {
        const parameter = DEFAULT_PARAMETER[architecture];
        const id = await ask([source.region, 'parameter', parameter], 'aws', () => imageIdOf(source, parameter));
        return [architecture, await imageOf(id, 'aws'), id] as const;
      }),
    );
    return {
      images: Object.fromEntries(images.map(([architecture, found, id]) => [architecture, rootOf(found, id)])),
      sizeGiB: largestRoot(images.map(([, found]) => found)),
    };
  }
  const id = typeof named === 'string' ? await imageIdOf(source, named) : named.id;
  const found = await imageOf(id, 'person');
  const architecture = ARCHITECTURE[found.Architecture ?? ''];
  const others = Object.entries(types).filter(([, type]) => type.architecture !== architecture);
  if (architecture === undefined || others.length > 0)
    throw invalid(
      'ArchitectureMismatch',
      `the image ${id} is for ${found.Architecture ?? 'an unknown architecture'}, but ${others.map(([type, { architecture: needs }]) => `${type} needs ${needs}`).join(', ')}`,
      'leave spec.image out (an image is chosen for each architecture), or name one that fits all instance types',
    );
  return { images: { [architecture]: rootOf(found, id) }, sizeGiB: largestRoot([found]) };
}

async function imageIdOf({ ssm, region }: ImageSource, parameter: string): Promise<string> {
  try {
    const { Parameter: found } = await ssm.send(new GetParameterCommand({ Name: parameter }));
    return found?.Value ?? '';
  } catch (error) {
    if (hasCode(error, 'ParameterNotFound', 'ParameterVersionNotFound'))
      throw invalid(
        'ParameterNotFound',
        `there is no SSM parameter ${parameter} in ${region}`,
        'correct spec.image.ssmParameter, or leave spec.image out for Amazon Linux 2023',
        { cause: error },
      );
    throw toFailure(error, `GetParameter ${parameter} in ${region}`);
  }
}

async function describeImage({ ec2, region }: ImageSource, id: string): Promise<Image> {
  let found: Image | undefined;
  try {
    const { Images: images = [] } = await ec2.send(new DescribeImagesCommand({ ImageIds: [id] }));
    found = images[0];
  } catch (error) {
    if (!codeOf(error).startsWith('InvalidAMIID.')) throw toFailure(error, `DescribeImages ${id} in ${region}`);
  }
  if (found === undefined || (found.State !== undefined && found.State !== 'available'))
    throw invalid(
      'ImageNotFound',
      `there is no image ${id} to launch in ${region}${found?.State === undefined ? '' : ` (it is ${found.State})`}`,
      'name an image of this region that the account may launch, or leave spec.image out',
    );
  return found;
}

function largestRoot(images: Image[]): number | null {
  const sizes = images.flatMap(({ RootDeviceName: root, BlockDeviceMappings: mappings = [] }) =>
    mappings.filter(({ DeviceName: name }) => name === root).flatMap(({ Ebs: ebs }) => ebs?.VolumeSize ?? []),
  );
  return sizes.length === 0 ? null : Math.max(...sizes);
}

function rootOf({ RootDeviceName: root, CreationDate: createdAt }: Image, id: string): ImageChoice {
  return { id, rootDeviceName: root ?? '/dev/xvda', ...(createdAt !== undefined && { createdAt }) };
}
