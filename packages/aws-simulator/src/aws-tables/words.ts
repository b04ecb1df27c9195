/** Says in a service's own words and codes what the table does not allow. */
import { AwsError } from '../aws-error.js';
import type { AwsCall } from '../contract.js';
import type { Bounds } from './table.js';
import type { Violation } from './violation.js';

export function refusalFor(service: AwsCall['service'], call: string, violation: Violation): AwsError {
  switch (service) {
    case 'ec2':
    case 'sts':
      return ec2Refusal(call, violation);
    case 'ssm':
      return ssmRefusal(call, violation);
    case 'sqs':
      return sqsRefusal(violation);
    case 's3':
      return s3Refusal(violation);
  }
}

export function unknownAction({ service, action }: AwsCall): AwsError {
  const hint = '(or not in the tables of the local region)';
  switch (service) {
    case 'ec2':
    case 'sts':
      return new AwsError('InvalidAction', 400, `The action ${action} is not valid for this web service ${hint}.`);
    case 'ssm':
    case 'sqs':
      return new AwsError('UnknownOperationException', 400, `There is no operation ${action} ${hint}.`);
    case 's3':
      return new AwsError('NotImplemented', 501, `The local region does not model this request ${hint}.`);
  }
}

const DEEP = /^(.*\.)?([^.]+)$/;
/** EC2 names a parameter by its last part, in lower camel case: `Value (2000) for parameter maxResults is invalid.` */
const ec2Name = (path: string): string => {
  const name = DEEP.exec(path.replace(/\.\d+$/, ''))?.[2] ?? path;
  return name.charAt(0).toLowerCase() + name.slice(1);
};

/** [docs: EC2 error codes; the words as AWS's answers were quoted in issues of aws-cli and the SDKs] */
function ec2Refusal(call: string, violation: Violation): AwsError {
  const invalid = (path: string, value: unknown, why: string): AwsError =>
    new AwsError(
      'InvalidParameterValue',
      400,
      `Value (${shown(value)}) for parameter ${ec2Name(path)} is invalid. ${why}`,
    );
  switch (violation.kind) {
    case 'unknown':
      return new AwsError('UnknownParameter', 400, `The parameter ${violation.path} is not recognized`);
    case 'missing':
      return new AwsError('MissingParameter', 400, `The request must contain the parameter ${violation.path}`);
    case 'not-in-call':
      return new AwsError('InvalidParameter', 400, `The parameter ${violation.path} is not supported by ${call}`);
    case 'type':
      return invalid(violation.path, violation.value, `Expecting ${violation.wanted}.`);
    case 'value':
      return invalid(violation.path, violation.value, `Expecting one of: ${violation.allowed.join(', ')}.`);
    case 'range':
      return invalid(violation.path, violation.value, `Expecting a value ${between(violation.bounds)}.`);
    case 'length':
      return invalid(violation.path, violation.value, `Expecting a length ${between(violation.bounds)}.`);
    case 'items':
      return invalid(violation.path, violation.value, `Expecting a number of items ${between(violation.bounds)}.`);
    case 'pattern':
      return invalid(violation.path, violation.value, `Expecting what fits ${violation.pattern}.`);
    case 'excluded': {
      const message = `The parameter ${ec2Name(violation.other)} cannot be used with the parameter ${ec2Name(violation.path)}`;
      return new AwsError('InvalidParameterCombination', 400, message);
    }
    case 'filter-name':
      return new AwsError('InvalidParameterValue', 400, `The filter '${violation.name}' is invalid`);
    // `Value (instance-state-name) for parameter filter is invalid. invalid filter` [aws-cli#1248]
    case 'filter-value':
      return invalid(
        'filter',
        violation.name,
        `${violation.value} is none of its values: ${violation.allowed.join(', ')}`,
      );
    case 'filter-empty':
      return invalid('filter', violation.name, 'It has no values.');
    case 'filter-mixed':
      return invalid('filter', violation.name, 'It stands alone.');
    case 'filter-limit': {
      const message = `The maximum number of ${violation.what} is ${violation.most}`;
      return new AwsError('FilterLimitExceeded', 400, message);
    }
  }
}

/** [docs: SSM API, errors of the calls; the words: sigil#61, boto3#3027, aec#394] */
function ssmRefusal(call: string, violation: Violation): AwsError {
  const invalid = (path: string, value: unknown, constraint: string): AwsError => {
    const at = path.replace(/(^|\.)([A-Z])/g, (_, dot: string, letter: string) => dot + letter.toLowerCase());
    const message = `1 validation error detected: Value ${shown(value)} at '${at}' failed to satisfy constraint: Member must ${constraint}`;
    return new AwsError('ValidationException', 400, message);
  };
  switch (violation.kind) {
    // AWS's front ends for JSON drop what they do not know: here nothing that is sent gets lost unseen.
    case 'unknown':
    case 'not-in-call':
      return invalid(violation.path, null, 'not be there: the call does not have it');
    case 'missing':
      return invalid(violation.path, null, 'not be null');
    case 'type':
      return new AwsError('SerializationException', 400, `${violation.path}: expected ${violation.wanted}`);
    case 'value':
      return invalid(violation.path, violation.value, `satisfy enum value set: [${violation.allowed.join(', ')}]`);
    case 'range':
      return invalid(violation.path, violation.value, `have value ${between(violation.bounds)}`);
    case 'length':
    case 'items':
      return invalid(violation.path, violation.value, `have length ${between(violation.bounds)}`);
    case 'pattern':
      return invalid(violation.path, violation.value, `satisfy regular expression pattern: ${violation.pattern}`);
    case 'excluded':
      return new AwsError('ValidationException', 400, `Cannot use both ${violation.path} and ${violation.other}.`);
    case 'filter-name':
      return new AwsError('InvalidFilterKey', 400, `${violation.name} filter Key is invalid.`);
    case 'filter-value': {
      const message = `${violation.name} filter is invalid, valid values are ${violation.allowed.join(', ')}`;
      // The lists of commands have no error of their own for it. [docs: SSM ListCommands, errors]
      const isOfInstances = call === 'DescribeInstanceInformation';
      return new AwsError(
        isOfInstances ? 'InvalidInstanceInformationFilterValue' : 'ValidationException',
        400,
        message,
      );
    }
    case 'filter-empty':
      return new AwsError('InvalidInstanceInformationFilterValue', 400, `${violation.name} filter has no values.`);
    case 'filter-mixed':
      return new AwsError('ValidationException', 400, 'Cannot mix tag or inventory filter with any other filter.');
    case 'filter-limit':
      return violation.most === 1
        ? new AwsError('InvalidInstanceInformationFilterValue', 400, `${violation.what}: only one may be given.`)
        : new AwsError(
            'ValidationException',
            400,
            `The number of ${violation.what} is too large. Max: ${violation.most}.`,
          );
  }
}

/** [docs: SQS API, common errors] */
function sqsRefusal(violation: Violation): AwsError {
  const invalid = (path: string, value: unknown, why: string): AwsError =>
    new AwsError(
      'InvalidParameterValue',
      400,
      `Value ${shown(value)} for parameter ${path} is invalid. Reason: Must be ${why}.`,
    );
  switch (violation.kind) {
    case 'missing':
      return new AwsError('MissingParameter', 400, `The request must contain the parameter ${violation.path}.`);
    case 'type':
      return new AwsError('SerializationException', 400, `${violation.path}: expected ${violation.wanted}`);
    case 'value':
      return invalid(violation.path, violation.value, `one of ${violation.allowed.join(', ')}`);
    case 'range':
      return invalid(violation.path, violation.value, between(violation.bounds));
    case 'length':
    case 'items':
      return invalid(violation.path, violation.value, `of a length ${between(violation.bounds)}`);
    case 'pattern':
      return invalid(violation.path, violation.value, `as ${violation.pattern}`);
    default:
      return new AwsError('InvalidParameterValue', 400, `${aboutOf(violation)} is not a parameter of this call.`);
  }
}

/** [docs: S3 error responses] */
function s3Refusal(violation: Violation): AwsError {
  const fields = { ArgumentName: aboutOf(violation) };
  switch (violation.kind) {
    case 'unknown': {
      const message = 'A header or query parameter you provided implies functionality that is not implemented';
      return new AwsError('NotImplemented', 501, message, fields);
    }
    case 'missing':
      return new AwsError('InvalidRequest', 400, `${violation.path} is missing.`, fields);
    default:
      return new AwsError(
        'InvalidArgument',
        400,
        `${aboutOf(violation)}: the value is not valid (${violation.kind}).`,
        fields,
      );
  }
}

function aboutOf(violation: Violation): string {
  return 'path' in violation ? violation.path : 'name' in violation ? violation.name : violation.what;
}

function between([least, most]: Bounds): string {
  if (least === null || most === null)
    return least === null ? `less than or equal to ${most}` : `greater than or equal to ${least}`;
  return `between ${least} and ${most}`;
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length <= 200 ? text : `${text.slice(0, 200)}...`;
}
