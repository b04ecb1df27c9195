/** Reads a request of any of the protocols into the form that the table describes: members by their names in the SDK. */
import type { AwsCall } from '../contract.js';
import { readJsonBody } from '../json-body.js';
import { readForm } from './read-form.js';
import { readRest } from './read-rest.js';
import type { CallTable, Table } from './table.js';
import type { Input } from './violation.js';

/** @throws AwsError `SerializationException` for a body that is not a JSON object, and for an unknown parameter of a form */
export function readRequest(table: Table, call: AwsCall, entry: CallTable): Input {
  switch (call.service) {
    case 'ec2':
    case 'sts':
    case 'sns':
    case 'iam':
      return readForm(table, call, entry);
    case 'ssm':
    case 'sqs':
    case 'eventbridge':
    case 'service-quotas':
      return readJsonBody(call.body);
    case 's3':
      return readRest(table.structures[entry.input] ?? {}, call, entry.http ?? '');
  }
}
