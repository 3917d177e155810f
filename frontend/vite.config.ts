import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// Django serves dist/index.html at "/" and dist/ under /static/app/. Everything is a file of this
// origin: no inlined asset, because the page's policy is `default-src 'self'` without data: or blob:.
//
// In development (docker-compose.dev.yml) Vite serves the page at "/" and hands everything else to the API. It keeps
// the Host: that is what says which firm is meant.
const backend = { target: process.env.API_TARGET ?? "http://127.0.0.1:8000", changeOrigin: false };

export default defineConfig(({ command }) => ({
  base: command === "serve" ? "/" : "/static/app/",
  plugins: [react()],
  server: {
    port: 3000,
    strictPort: true,
    allowedHosts: [".localhost"],
    proxy: {
      "^/(api|admin|accounts|docs|healthz|static|recordings)(/|$)": backend,
      "/ws": { ...backend, ws: true },
    },
  },
  build: {
    outDir: "dist",
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
  },
  worker: { format: "es" },
  test: {
    environment: "jsdom",
    include: ["tests/**/*.test.{ts,tsx}"],
    restoreMocks: true,
  },
}));
