/**
 * The words of AWS's common validation, as SSM, EventBridge, STS and SNS have them; the Query protocol's services have another code for it. Errors of filters
 * are SSM's. [docs: SSM API, errors of the calls; the words: sigil#61, boto3#3027, aec#394, AWSCore.jl#38, moto#9218]
 */
import { AwsError } from '../aws-error.js';
import type { Violation } from './violation.js';
import { between, shown } from './words-of-values.js';

export function validationRefusal(
  code: 'ValidationException' | 'ValidationError',
  call: string,
  violation: Violation,
): AwsError {
  const invalid = (path: string, value: unknown, constraint: string): AwsError => {
    const at = path.replace(/(^|\.)([A-Z])/g, (_, dot: string, letter: string) => dot + letter.toLowerCase());
    const message = `1 validation error detected: Value ${value === null ? 'null' : `'${shown(value)}'`} at '${at}' failed to satisfy constraint: Member must ${constraint}`;
    return new AwsError(code, 400, message);
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
      return new AwsError(code, 400, `Cannot use both ${violation.path} and ${violation.other}.`);
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
