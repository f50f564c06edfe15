"""What speaks against a drug for a patient, and what supports one: asked of a store; `kg.safety` joins the answers."""
