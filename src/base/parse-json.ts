/** What a text says as JSON; undefined, which no JSON says, where it is none. A schema then tells what is wrong with it. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
