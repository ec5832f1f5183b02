/** Ends the address of a server of this protocol. */
const VERSION = /\/v\d+$/;

/** Whether a text is a server's address as it is wanted here. `{port}` in it stands for one. */
export function isServerUrl(text: string): boolean {
  const url = parseUrl(text.replaceAll("{port}", "1"));
  // A key is a header, not a part of the address; and routes are put behind it.
  return (
    url !== undefined &&
    /^https?:$/.test(url.protocol) &&
    [url.username, url.password, url.search, url.hash].every((part) => part === "")
  );
}

/** A route of the protocol: `http://host/v1/completions`. */
export function versionedRoute(url: string, name: string): URL {
  return new URL(`${withoutSlash(url)}/${name}`);
}

/** A route that servers have beside those of the protocol: `http://host/tokenize`. */
export function unversionedRoute(url: string, name: string): URL {
  return new URL(`${withoutSlash(url).replace(VERSION, "")}/${name}`);
}

/** What to try if a server does not know a route of the protocol: nothing, or to put the version behind its address. */
export function suggestVersion(url: string): string {
  const address = withoutSlash(url);
  return VERSION.test(address) ? "" : `; its address may lack the version: ${address}/v1`;
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, "");
}

function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
