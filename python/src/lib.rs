//! The kernel for Python: Arrow tables in, Arrow tables out, over the Arrow C data interface and without copying where that goes.
//!
//! What it computes is what `xinzhi evaluate --tables` computes, by the same code. The Python package around it (`xinzhi/`) turns what
//! its callers hold into Arrow streams; Spark's side is in Python altogether (`xinzhi/spark.py`).
//!
//! Reading order: `pack` is a rule pack that can travel; `take` turns Arrow columns into what the kernel's room reads, `cut` shares a
//! table among threads; `give` turns a result into Arrow; `evaluator` ties them together.

mod cut;
mod evaluator;
mod give;
mod pack;
mod take;

use pyo3::create_exception;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

#[cfg(target_endian = "big")]
compile_error!("cells are handed on as they lie in memory, little-endian");

create_exception!(xinzhi, Refused, PyValueError, "Data, rules or arguments that cannot be evaluated; the sentence says what to do.");

/// For `map_err` on whatever says in a sentence why nothing comes out.
fn refused(fault: impl std::fmt::Display) -> PyErr {
    Refused::new_err(fault.to_string())
}

/// What the Python package is made of.
#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("Refused", module.py().get_type::<Refused>())?;
    module.add_class::<pack::Pack>()?;
    module.add_class::<evaluator::Evaluator>()?;
    module.add_class::<evaluator::Tables>()?;
    module.add_class::<give::Rows>()
}
