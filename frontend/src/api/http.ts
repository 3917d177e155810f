/** One request to our own origin: JSON in, JSON out, RFC 9457 problems as errors. */
const PATIENCE_MS = 15_000;
const CSRF_COOKIE = "__Host-csrftoken";

/** `code` is the server's, or "network" / "timeout" when there was no answer (status 0). */
export class ApiProblem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(`${status} ${code}`);
    this.name = "ApiProblem";
  }

  /** The same request may be sent again: no answer, or an answer that says "not now". */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

export function get<T>(path: string): Promise<T> {
  return request<T>("GET", path);
}

export function post<T>(path: string, body: unknown): Promise<T> {
  return request<T>("POST", path, body);
}

/** Sent even when the page is gone by then; nobody waits for the answer. */
export function postAndGo(path: string): void {
  const headers = { Accept: "application/json", "X-CSRFToken": csrfToken(document.cookie) };
  fetch(path, { method: "POST", headers, credentials: "same-origin", cache: "no-store", keepalive: true }).catch(
    () => undefined, // offline: the cookie ends with the browser's session
  );
}

async function request<T>(method: string, path: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET") headers["X-CSRFToken"] = csrfToken(document.cookie);
  const response = await answerOf(path, {
    method,
    headers,
    credentials: "same-origin",
    cache: "no-store",
    signal: AbortSignal.timeout(PATIENCE_MS),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const content = await contentOf(response);
  if (!response.ok) throw problemOf(response, content);
  return content as T;
}

async function answerOf(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init);
  } catch (error) {
    const code = error instanceof DOMException && error.name === "TimeoutError" ? "timeout" : "network";
    throw new ApiProblem(0, code, "");
  }
}

async function contentOf(response: Response): Promise<unknown> {
  if (response.status === 204 || response.status === 202) return null;
  try {
    return await response.json();
  } catch {
    if (response.ok) throw new ApiProblem(0, "network", "");
    return null; // an error page of a proxy; the status says enough
  }
}

function problemOf(response: Response, content: unknown): ApiProblem {
  const fields = (content ?? {}) as { code?: unknown; detail?: unknown };
  const after = Number(response.headers.get("Retry-After"));
  return new ApiProblem(
    response.status,
    typeof fields.code === "string" ? fields.code : `http_${response.status}`,
    typeof fields.detail === "string" ? fields.detail : "",
    Number.isFinite(after) && after > 0 ? after : null,
  );
}

export function csrfToken(cookies: string): string {
  for (const pair of cookies.split(";")) {
    const [name, value] = pair.trim().split("=", 2);
    if (name === CSRF_COOKIE) return decodeURIComponent(value ?? "");
  }
  return "";
}
