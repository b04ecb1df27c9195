import type { AwsCall, HttpReply } from './contract.js';
import { element, XML_DECLARATION } from './xml.js';

/** An answer with one of AWS's own error codes. */
export class AwsError extends Error {
  /** @param fields further elements of an S3 error, e.g. Key. @param headers further headers of the answer. */
  constructor(
    readonly code: string,
    readonly status: number,
    message: string,
    readonly fields: Record<string, string> = {},
    readonly headers: Record<string, string> = {},
  ) {
    super(message);
    this.name = 'AwsError';
  }
}

/** Returns the error in the service's protocol: EC2, S3 and the Query protocol use XML of different shapes, the others JSON. */
export function errorReply(service: AwsCall['service'], error: AwsError, requestId: string): HttpReply {
  const { code, status, message } = error;
  switch (service) {
    case 'ec2': {
      const body = { Errors: { Error: { Code: code, Message: message } }, RequestID: requestId };
      // Not <Errors><item>, because this part is older than the rest of the protocol.
      return {
        status,
        headers: { 'content-type': 'text/xml;charset=UTF-8' },
        body: XML_DECLARATION + element('Response', body),
      };
    }
    case 's3': {
      const body = {
        Code: code,
        Message: message,
        ...error.fields,
        RequestId: requestId,
        HostId: 'keelson-local-region',
      };
      return {
        status,
        headers: { 'content-type': 'application/xml', 'x-amz-request-id': requestId, ...error.headers },
        body: XML_DECLARATION + element('Error', body),
      };
    }
    case 'sts':
    case 'sns':
    case 'iam': {
      const type = status < 500 ? 'Sender' : 'Receiver';
      const body = { Error: { Type: type, Code: code, Message: message }, RequestId: requestId };
      return {
        status,
        headers: { 'content-type': 'text/xml' },
        body: XML_DECLARATION + element('ErrorResponse', body),
      };
    }
    case 'sqs':
      return {
        status,
        headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': requestId, ...error.headers },
        body: JSON.stringify({ __type: `com.amazonaws.sqs#${code}`, message }),
      };
    case 'ssm':
    case 'eventbridge':
    case 'service-quotas':
      return {
        status,
        headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-errortype': code },
        body: JSON.stringify({ __type: code, message }),
      };
  }
}
