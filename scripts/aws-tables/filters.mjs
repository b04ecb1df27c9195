// The filters of a call, as the doc comments of the SDK list them: names, and values where they are listed.

/**
 * EC2: `<li> <p> <code>NAME</code> - what it is (<code>a</code> | <code>b</code>).`, with `tag:<key>` in three spellings. Values are those
 * of a bracket that holds nothing but alternatives; what is called a Boolean has two.
 *
 * @returns a map of name to a list of values, or null where any value goes
 */
export function ec2Filters(html) {
  const filters = {};
  const entries = html.matchAll(
    /<li>\s*<p>\s*<code>((?:[^<]|<key>)+)<\/code>(:&lt;key&gt;|:<key>)? (?:-|–) (.*?)(?=<li>|<\/ul>|$)/g,
  );
  for (const [, written, key, text] of entries) {
    const name = written.trim();
    if (/^tag(:|$)/.test(name) || key !== undefined) filters['tag:*'] = null;
    else filters[name] = valuesIn(text);
    for (const other of aliasesIn(text)) filters[other] = filters[name] ?? null;
  }
  return filters;
}

function valuesIn(text) {
  for (const [, bracket] of text.matchAll(/\(([^()]*)\)/g)) {
    if (!/^\s*<code>[^<]*<\/code>(\s*\|\s*<code>[^<]*<\/code>)+\s*$/.test(bracket)) continue;
    return [...bracket.matchAll(/<code>([^<]*)<\/code>/g)].map(([, value]) => value.trim());
  }
  return /\bA Boolean\b/.test(text) ? ['true', 'false'] : null;
}

/** `You can also use <code>isDefault</code> as the filter name`, or several of them. */
function aliasesIn(text) {
  const said = /You can also use (.*?) as the filter names?/.exec(text)?.[1] ?? '';
  return [...said.matchAll(/<code>([^<]+)<\/code>/g)].map(([, name]) => name);
}

/** SSM DescribeInstanceInformation: all in the comment of the filter's key. */
export function instanceFilters(sentences) {
  const keys = /^Valid filter key values: (.+?)$/.exec(find(sentences, 'Valid filter key values'))?.[1] ?? '';
  const filters = {};
  for (const written of keys.split(' | ').map((one) => one.replace(/["\\]/g, '').trim())) {
    filters[written.startsWith('tag:') ? 'tag:*' : written] = null;
  }
  for (const sentence of sentences) {
    const [, key, list] = /^Valid values for the (\w+) filter key: (.+)$/.exec(sentence) ?? [];
    if (key === undefined) continue;
    // It says SourceType where the list of keys says SourceTypes: the key of the list counts.
    const name = key in filters ? key : `${key}s`;
    if (!(name in filters)) throw new Error(`the SDK tells values of the filter ${key}, which is none of ${keys}`);
    // `Inactive (deprecated)` is listed still.
    filters[name] = list.split(' | ').map((value) => value.replace(/ \(.*\)$/, '').trim());
  }
  return filters;
}

const find = (sentences, start) => sentences.find((one) => one.startsWith(start)) ?? '';

/**
 * SSM ListCommands and ListCommandInvocations: the keys are an enumeration, of which one is for ListCommands only; the values of Status are
 * listed for each of the two.
 */
export function commandFilters(call, keys, keySentences, valueHtml) {
  const elsewhere = keySentences.flatMap((sentence) => {
    const [, key, not] = /^The (\w+) filter can't be used with the (\w+) operation/.exec(sentence) ?? [];
    return not === call ? [key] : [];
  });
  const own = new RegExp(`The status values you can specify for <code>${call}</code> are:.*?<ul>(.*?)</ul>`).exec(
    valueHtml,
  )?.[1];
  const stages = /<b>ExecutionStage<\/b>.*?<ul>(.*?)<\/ul>/.exec(valueHtml)?.[1];
  const listed = (html) => [...(html ?? '').matchAll(/<code>(\w+)<\/code>/g)].map(([, value]) => value);
  if (listed(own).length === 0) throw new Error(`the SDK lists no status that ${call} can be filtered by`);
  const filters = Object.fromEntries(keys.filter((key) => !elsewhere.includes(key)).map((key) => [key, null]));
  filters.Status = listed(own);
  if ('ExecutionStage' in filters) filters.ExecutionStage = listed(stages);
  return filters;
}
