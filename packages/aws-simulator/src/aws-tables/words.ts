/** Says in a service's own words and codes what the table does not allow. */
import { AwsError } from '../aws-error.js';
import type { AwsCall } from '../contract.js';
import type { Violation } from './violation.js';
import { validationRefusal } from './words-of-validation.js';
import { aboutOf, between, shown } from './words-of-values.js';

export function refusalFor(service: AwsCall['service'], call: string, violation: Violation): AwsError {
  switch (service) {
    case 'ec2':
      return ec2Refusal(call, violation);
    case 'ssm':
    case 'eventbridge':
    case 'service-quotas':
      return validationRefusal('ValidationException', call, violation);
    case 'sts':
    case 'iam':
      return validationRefusal('ValidationError', call, violation);
    case 'sns':
      return snsRefusal(call, violation);
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
      return new AwsError('InvalidAction', 400, `The action ${action} is not valid for this web service ${hint}.`);
    case 'sts':
    case 'sns':
    case 'iam':
      return new AwsError('InvalidAction', 400, `Could not find operation ${action} ${hint}.`);
    case 'ssm':
    case 'eventbridge':
    case 'service-quotas':
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

/** What its front end finds it says as others do; about texts it has words of its own. [docs: SNS Publish, errors; wellcomecollection/platform#1107] */
function snsRefusal(call: string, violation: Violation): AwsError {
  switch (violation.kind) {
    case 'value':
    case 'length':
    case 'pattern':
      return new AwsError('InvalidParameter', 400, `Invalid parameter: ${violation.path}`);
    default:
      return validationRefusal('ValidationError', call, violation);
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
