// What the SDK's doc comments say in prose, sentence by sentence: limits that its schemas do not carry. A sentence that no reader
// knows says nothing; `node scripts/aws-tables.mjs --unread` lists those that sound like a limit.

const number = (text) => Number(text.replaceAll(',', ''));
const words = (list) => list.split(/\s*\|\s*/).filter((word) => word !== '');
/** `a-z, A-Z, 0-9, spaces, and ._-:/()#,@[]+=&;\{\}!$*`; backslashes are of the comment. */
const charactersOf = (more) => `[a-zA-Z0-9 ${more.replaceAll('\\', '').replace(/[\]\\^[-]/g, '\\$&')}]*`;

/** Each pair: what the sentence looks like, and what it says of the member that it stands at. */
const READERS = [
  [/^Constraints: Maximum (\d+) explicitly specified/, ([, most]) => ({ items: [0, number(most)] })],
  [/^Constraints: Up to (\d+) (?:resource IDs|instance IDs|tags)\b/, ([, most]) => ({ items: [0, number(most)] })],
  [/\bthough you can specify up to (\d+) IDs/, ([, most]) => ({ items: [0, number(most)] })],

  [/\bUp to (\d+) characters in length/, ([, most]) => ({ length: [0, number(most)] })],
  [/^A queue name can have up to (\d+) characters/, ([, most]) => ({ length: [1, number(most)] })],
  [/^(?:The name|The value) can be up to (\d+) characters long/, ([, most]) => ({ length: [1, number(most)] })],
  [/accept a maximum of (\d+) Unicode characters/, ([, most]) => ({ length: [0, number(most)] })],
  [/^The (?:maximum )?length of \w+ is (\d+) characters/, ([, most]) => ({ length: [0, number(most)] })],
  [
    /^Constraints: Maximum (\d+) ASCII characters/,
    ([, most]) => ({ length: [0, number(most)], pattern: '[\\x00-\\x7f]*' }),
  ],
  [/^(?:Length Constraints: )?Maximum length of ([\d,]+)\./, ([, most]) => ({ length: [0, number(most)] })],
  [
    /^Constraints: Subjects must be UTF-8 text with no line breaks or control characters, and less than (\d+) characters long/,
    ([, less]) => ({ length: [1, number(less) - 1], pattern: '\\P{Cc}*' }),
  ],
  [
    /can contain up to (\d+) alphanumeric characters \(a-z, A-Z, 0-9\) and punctuation/,
    ([, most]) => ({ length: [0, number(most)], pattern: '[\\x21-\\x7e]*' }),
  ],
  [/a message can be at most \d+ KiB in size \(([\d,]+) bytes/, ([, most]) => ({ length: [0, number(most)] })],
  [/^The minimum size is one character/, () => ({ length: [1, null] })],
  [/^The maximum size is .* ([\d,]+) bytes/, ([, most]) => ({ length: [0, number(most)] })],

  [
    /(?:Valid characters:|Allowed characters are) a-z, A-Z, 0-9, spaces, and (\S+?)\.?$/,
    ([, more]) => ({ pattern: charactersOf(more) }),
  ],
  [/alphanumeric characters, hyphens \(-\), and underscores \(_\)/, () => ({ pattern: '[A-Za-z0-9_-]*(?:\\.fifo)?' })],

  [/^This value can be between (\d+) and ([\d,]+)/, ([, least, most]) => ({ range: [number(least), number(most)] })],
  [
    /^(?:Valid values|Values range): ([\d,]+) to ([\d,]+)\./,
    ([, least, most]) => ({ range: [number(least), number(most)] }),
  ],
  [
    /^(?:Possible values|Valid values): Integers from (\d+) to (\d+)/,
    ([, least, most]) => ({ range: [number(least), number(most)] }),
  ],
  [/^Valid range: ([\d,]+) - ([\d,]+)/, ([, least, most]) => ({ range: [number(least), number(most)] })],
  [/positive integer between (\d+) and ([\d,]+)/, ([, least, most]) => ({ range: [number(least), number(most)] })],
  [/^Constraints: Between (\d+) and the quota/, ([, least]) => ({ range: [number(least), null] })],
  [/^(?:Valid Range: )?Minimum value of ([\d,]+)\./, ([, least]) => ({ range: [number(least), null] })],
  [/^Maximum value of ([\d,]+)\./, ([, most]) => ({ range: [null, number(most)] })],
  [/^The default value is (\d+) items/, ([, size]) => ({ page: number(size) })],

  [/^Valid values: ([\w-]+(?: \| [\w-]+)+)$/, ([, list]) => ({ values: words(list) })],
  [/^Valid value: (\w+)$/, ([, only]) => ({ values: [only] })],
  [/^You can modify the following attributes only: (.+?)\.?$/, ([, list]) => ({ values: words(list) })],
  [/^The only supported value for this field is (\w+)/, ([, only]) => ({ values: [only] })],
  [/^Expects the '(.)' \(asterisk\) character/, ([, only]) => ({ values: [only] })],

  [
    /^You cannot specify this parameter and the instance IDs parameter in the same request/,
    () => ({ excludes: ['InstanceIds'] }),
  ],
  [
    /^You cannot specify this option and the network interfaces option in the same request/,
    () => ({ excludes: ['NetworkInterfaces'] }),
  ],
  [
    /^If you specify a network interface, you must specify any .+ as part of the network interface instead/,
    () => ({ excludes: ['NetworkInterfaces'] }),
  ],
  [
    /^You cannot specify this option and the option to assign a number of IPv6 addresses in the same request/,
    () => ({ excludes: ['Ipv6AddressCount'] }),
  ],
  [
    /^You cannot specify this option and the option to assign specific IPv6 addresses in the same request/,
    () => ({ excludes: ['Ipv6Addresses'] }),
  ],
  [/^You cannot use this option if you use the (\w+) option/, ([, other]) => ({ excludes: [other] })],
  [
    /(?:Either|you can specify) (\w+) or (\w+)(?: can be specified)?, but not both/,
    ([, a, b]) => ({ excludes: [a, b] }),
  ],
  [
    /^You must specify either the launch template ID or the launch template name, but not both/,
    () => ({ excludes: ['LaunchTemplateId', 'LaunchTemplateName'] }),
  ],
  [
    /^You can't specify this parameter when specifying a source security group/,
    () => ({ excludes: ['SourceSecurityGroupName'] }),
  ],
  [
    /^You can't specify this parameter in combination with the following parameters: the CIDR IP address range, the start of the port range, the IP protocol, and the end of the port range/,
    () => ({ excludes: ['CidrIp', 'FromPort', 'IpProtocol', 'ToPort'] }),
  ],
  [/^Attempting to use (\w+) and (\w+) leads to an exception error/, ([, a, b]) => ({ excludes: [a, b] })],
  [
    /^You can't specify a managed node ID in the same command that you specify Status = Pending/,
    () => ({ excludesFilter: { Status: 'Pending' } }),
  ],

  [
    /^This parameter is not supported (?:when using|for) ([A-Z]\w+(?:, (?:and )?[A-Z]\w+| (?:and|or) [A-Z]\w+)*)/,
    ([, calls]) => ({ notIn: calls.split(/, (?:and )?| and | or /) }),
  ],
  [
    /^If you specify a network interface when launching an instance, you must specify the device index/,
    () => ({ required: true }),
  ],
  [/^Tag filters can't be combined with other filter types/, () => ({ tagsAlone: true })],
  // The sizes of volumes, type by type: `gp2: 1 - 16,384 GiB`, and of two types that share a line.
  [
    /^([a-z]+\d?)(?: and ([a-z]+\d?))? ?: ([\d,]+) - ([\d,]+) GiB/,
    ([, type, other, least, most]) => ({
      rangeOf: Object.fromEntries([type, other].filter(Boolean).map((one) => [one, [number(least), number(most)]])),
    }),
  ],
];

const SOUNDS_LIKE_A_LIMIT =
  /can't|cannot|must|[Mm]aximum|[Mm]inimum|between|[Uu]p to \d|at most|[Cc]onstraint|[Ee]ither|[Rr]ange\b|[Ll]ength|[Vv]alid|not supported/;

/** @param members of the structure @returns what the sentences say together, and those that sound like a limit and were not understood */
export function readSentences(sentences, member, members) {
  const said = {};
  const unread = [];
  for (const sentence of sentences) {
    const readers = READERS.filter(([pattern]) => pattern.test(sentence));
    if (readers.length === 0 && SOUNDS_LIKE_A_LIMIT.test(sentence)) unread.push(sentence);
    for (const [pattern, read] of readers) merge(said, read(pattern.exec(sentence)));
  }
  if (said.excludes !== undefined) said.excludes = named(said.excludes, member, members);
  return { said, unread };
}

/** The other members that are meant: `the Ipv4Prefix option` is Ipv4Prefixes. */
function named(others, member, members) {
  const found = others.map(
    (other) => members.find((one) => one === other) ?? members.find((one) => one.startsWith(other)),
  );
  if (found.includes(undefined))
    throw new Error(`${member} excludes ${others.join(', ')}, not all of which are members`);
  return [...new Set(found)].filter((other) => other !== member);
}

const ends = (a, b, choose) => (a === null ? b : b === null ? a : choose(a, b));
/** Null is an open end. */
const stricter = ([least, most], [more, less]) => [ends(least, more, Math.max), ends(most, less, Math.min)];

/** The stricter of two ranges; lists add up. */
function merge(into, more) {
  for (const [key, value] of Object.entries(more)) {
    if (['range', 'length', 'items'].includes(key)) into[key] = stricter(into[key] ?? [null, null], value);
    else if (['excludes', 'notIn'].includes(key)) into[key] = [...(into[key] ?? []), ...value];
    else if (key === 'rangeOf') into[key] = { ...into[key], ...value };
    else into[key] = value;
  }
}
