/** GetParameter and GetParameters, for parameters that name images, public ones and an account's own: there are no others here. */
import { AwsError } from '../aws-error.js';
import { imageForParameter } from '../ec2/images.js';
import { ACCOUNT_ID } from '../ec2/network.js';
import { type Input, type SsmContext, text, texts } from './context.js';

export function getParameter({ region }: SsmContext, input: Input): Input {
  const name = text(input, 'Name') ?? '';
  const found = parameter(name, region);
  // AWS sends no message with this error.
  if (!found) throw new AwsError('ParameterNotFound', 400, '');
  return { Parameter: found };
}

export function getParameters({ region }: SsmContext, input: Input): Input {
  const names = texts(input, 'Names');
  return {
    Parameters: names.flatMap((name) => parameter(name, region) ?? []),
    InvalidParameters: names.filter((name) => parameter(name, region) === null),
  };
}

function parameter(name: string, region: string): Input | null {
  const value = imageForParameter(name, region);
  if (value === null) return null;
  const owner = name.startsWith('/aws/service/') ? '' : ACCOUNT_ID;
  const arn = `arn:aws:ssm:${region}:${owner}:parameter${name}`;
  return { Name: name, Type: 'String', Value: value, Version: 1, ARN: arn, DataType: 'aws:ec2:image' };
}
