/**
 * The AWS SDK warns on stderr about a future minimum version of Node; people cannot act on it and scripts read stderr. Imported for its
 * effect, before anything that loads the SDK. [AWS SDK: NodeVersionSupportWarning]
 */
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
