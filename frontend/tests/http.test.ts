import { afterEach, describe, expect, it, vi } from "vitest";
import { ApiProblem, csrfToken, get, post } from "../src/api/http";
import { currentIntake } from "../src/api/intakes";

const answer = (status: number, body: unknown, headers: Record<string, string> = {}): void => {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  vi.stubGlobal("fetch", vi.fn(async () => new Response(status === 204 ? null : text, { status, headers })));
};
const problemOf = (promise: Promise<unknown>): Promise<ApiProblem> => promise.then(() => { throw new Error("no problem"); }, (error: unknown) => error as ApiProblem);

afterEach(() => vi.unstubAllGlobals());

describe("requests", () => {
  it("carry the token of the cookie in a header when they change something", async () => {
    expect(csrfToken("a=1; __Host-csrftoken=t0k%3D; b=2")).toBe("t0k=");
    expect(csrfToken("csrftoken=other")).toBe("");
    answer(201, { ok: true });
    expect(await post("/api/x", { a: 1 })).toEqual({ ok: true });
    const [path, init] = vi.mocked(fetch).mock.calls[0]!;
    expect(path).toBe("/api/x");
    expect(init).toMatchObject({ method: "POST", body: '{"a":1}', credentials: "same-origin" });
    expect(init!.headers).toHaveProperty("X-CSRFToken");
    answer(200, {});
    await get("/api/y");
    expect(vi.mocked(fetch).mock.calls[0]![1]!.headers).not.toHaveProperty("X-CSRFToken");
  });

  it("give a problem's code, its words and when to come back", async () => {
    answer(409, { code: "stage_closed", detail: "That part is over." });
    expect(await problemOf(post("/x", {}))).toMatchObject({ status: 409, code: "stage_closed", passing: false });
    answer(503, "<html>down</html>", { "Retry-After": "7" });
    expect(await problemOf(get("/x"))).toMatchObject({ code: "http_503", retryAfterSeconds: 7, passing: true });
  });

  it("call no answer what it is", async () => {
    vi.stubGlobal("fetch", vi.fn(() => Promise.reject(new TypeError("failed to fetch"))));
    expect(await problemOf(get("/x"))).toMatchObject({ status: 0, code: "network", passing: true });
    vi.stubGlobal("fetch", vi.fn(() => Promise.reject(new DOMException("late", "TimeoutError"))));
    expect(await problemOf(get("/x"))).toMatchObject({ code: "timeout" });
    answer(200, "cut off in the mid");
    expect(await problemOf(get("/x"))).toMatchObject({ code: "network" });
  });

  it("take 'no conversation yet' for an answer, another 404 for a problem", async () => {
    answer(404, { code: "no_intake" });
    expect(await currentIntake()).toBeNull();
    answer(404, { code: "unknown_host" });
    expect(await problemOf(currentIntake())).toMatchObject({ status: 404 });
  });
});

describe("a last word", () => {
  it("outlives the page and waits for nothing", async () => {
    const { leave } = await import("../src/api/intakes");
    vi.stubGlobal("fetch", vi.fn(() => Promise.reject(new TypeError("offline"))));
    leave();
    expect(vi.mocked(fetch).mock.calls[0]).toMatchObject(["/api/leave", { method: "POST", keepalive: true }]);
  });
});
