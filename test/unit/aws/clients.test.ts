import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DescribeRegionsCommand } from '@aws-sdk/client-ec2';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AwsClients, createAwsClients } from '#src/aws/clients.js';

let requests: IncomingMessage[];
let close: () => Promise<void>;
let clients: AwsClients;

beforeEach(async () => {
  requests = [];
  const server = createServer((request, response) => {
    requests.push(request);
    response.writeHead(503).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  close = () => new Promise((resolve) => server.close(() => resolve()));
  clients = createAwsClients({
    homeRegion: 'eu-west-1',
    version: '1.2.3',
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
});

afterEach(async () => {
  clients.destroy();
  await close();
});

describe('the clients', () => {
  test('are one per region', () => {
    expect(clients.ec2('eu-west-1')).toBe(clients.ec2('eu-west-1'));
    expect(clients.ec2('eu-west-1')).not.toBe(clients.ec2('us-east-1'));
  });

  test('try once, sign for their region, and say who they are', async () => {
    await expect(clients.ec2('us-east-1').send(new DescribeRegionsCommand({}))).rejects.toThrow();

    expect(requests).toHaveLength(1);
    expect(requests[0]?.headers.authorization).toContain('/us-east-1/ec2/aws4_request');
    expect(requests[0]?.headers['user-agent']).toContain('keelson/1.2.3');
  });

  test('put the bucket into the path below an address of their own', async () => {
    await expect(
      clients.s3('eu-west-1').send(new GetObjectCommand({ Bucket: 'ops', Key: 'clusters/shop/config.yaml' })),
    ).rejects.toThrow();

    expect(requests[0]?.url).toMatch(/^\/ops\/clusters\/shop\/config\.yaml/);
  });
});
