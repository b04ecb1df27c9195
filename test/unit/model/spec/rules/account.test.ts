import { describe, expect, it } from 'vitest';
import { sample, textsOf, valid } from '../sample.js';

const ROLE = 'arn:aws:iam::222222222222:role/keelson/keelson-member';
const PROFILE = 'arn:aws:iam::222222222222:instance-profile/keelson-node';
const inAccount = (account: object, rest: object = { access: { instanceProfile: PROFILE } }) =>
  sample({ account, ...rest });

describe('spec.account', () => {
  it.each([
    ['with an external id', inAccount({ roleArn: ROLE, externalId: 'ours/6e9b:1' })],
    ['without one', inAccount({ roleArn: ROLE })],
    ['with a profile by name', inAccount({ roleArn: ROLE }, { access: { instanceProfile: 'keelson-node' } })],
    [
      'in another partition',
      inAccount(
        { roleArn: 'arn:aws-cn:iam::222222222222:role/keelson' },
        { region: 'cn-north-1', access: { instanceProfile: 'keelson-node' } },
      ),
    ],
  ])('is right %s', (_, document) => {
    expect(textsOf(document)).toEqual([]);
  });

  it.each([
    [
      'not a role',
      inAccount({ roleArn: 'arn:aws:iam::222222222222:user/me' }),
      /^spec\.account\.roleArn: .* is not the ARN/,
    ],
    [
      'an account id of 11 digits',
      inAccount({ roleArn: 'arn:aws:iam::22222222222:role/x' }),
      /^spec\.account\.roleArn/,
    ],
    ['a pattern', inAccount({ roleArn: 'arn:aws:iam::222222222222:role/*' }), /^spec\.account\.roleArn/],
    ['no role', inAccount({ externalId: 'ours' }), /^spec\.account\.roleArn/],
    ['an external id with a space', inAccount({ roleArn: ROLE, externalId: 'a b' }), /^spec\.account\.externalId/],
    ['an empty external id', inAccount({ roleArn: ROLE, externalId: '' }), /^spec\.account\.externalId/],
    [
      'no instance profile',
      inAccount({ roleArn: ROLE }, {}),
      /^spec\.access\.instanceProfile: is missing: a cluster in the account 222222222222/,
    ],
    [
      'an instance profile of a third account',
      inAccount({ roleArn: ROLE }, { access: { instanceProfile: PROFILE.replace('2222', '3333') } }),
      /^spec\.access\.instanceProfile: is in the account 333322222222/,
    ],
    [
      'a role of another partition than the region',
      inAccount({ roleArn: ROLE.replace('arn:aws:', 'arn:aws-us-gov:') }),
      /^spec\.account\.roleArn: is a role of the partition aws-us-gov, and the region eu-west-1 is one of aws/,
    ],
  ])('is refused with %s', (_, document, told) => {
    expect(textsOf(document)).toContainEqual(expect.stringMatching(told));
  });

  it('stays absent where it is not written', () => {
    expect(valid().spec).not.toHaveProperty('account');
  });
});
