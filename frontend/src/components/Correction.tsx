import { type FormEvent, type KeyboardEvent, type ReactElement, useId, useState } from "react";
import { MOST_CHARACTERS } from "../config";
import * as copy from "../copy";

interface Props {
  text: string;
  onSave: (text: string) => void;
  onCancel: () => void;
}

export function Correction({ text, onSave, onCancel }: Props): ReactElement {
  const id = useId();
  const [draft, setDraft] = useState(text);
  const changed = draft.trim() !== "" && draft.trim() !== text.trim();

  const save = (event: FormEvent): void => {
    event.preventDefault();
    if (changed) onSave(draft.trim());
  };
  const escape = (event: KeyboardEvent): void => {
    if (event.key === "Escape") onCancel();
  };

  return (
    <form className="correction" onSubmit={save} onKeyDown={escape}>
      <label htmlFor={id}>{copy.conversation.correctLabel}</label>
      <textarea
        id={id}
        value={draft}
        maxLength={MOST_CHARACTERS}
        rows={Math.min(8, 2 + Math.floor(text.length / 60))}
        autoFocus
        autoComplete="off"
        dir="auto"
        onChange={(event) => setDraft(event.target.value)}
      />
      <div className="row">
        <button type="submit" className="primary" disabled={!changed}>
          {copy.conversation.saveCorrection}
        </button>
        <button type="button" className="secondary" onClick={onCancel}>
          {copy.conversation.cancel}
        </button>
      </div>
    </form>
  );
}
