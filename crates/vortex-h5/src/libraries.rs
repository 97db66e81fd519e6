//! The copies of libhdf5 in this process, found at run time.
//!
//! There may be several, and some hide their symbols (that of h5py does), so every loaded library is asked.

use std::ffi::{CStr, CString, c_int, c_uint, c_void};

/// Identifier of an object of HDF5, 64 bits since version 1.10.
pub(crate) type Id = i64;

/// First version of HDF5 whose identifiers have 64 bits.
const OLDEST: (c_uint, c_uint) = (1, 10);

/// Each copy that can be seen, once.
pub(crate) fn libraries() -> Vec<Library> {
    let mut found = Vec::new();
    let mut known = Vec::new();
    for name in loaded() {
        let Some(library) = Library::loaded(name.as_deref()) else { continue };
        let Some(version) = library.symbol(c"H5get_libversion") else { continue };
        if !known.contains(&version) && is_new_enough(version) {
            known.push(version);
            found.push(library);
        }
    }
    found
}

fn is_new_enough(function: *mut c_void) -> bool {
    type Version = unsafe extern "C" fn(*mut c_uint, *mut c_uint, *mut c_uint) -> c_int;
    let (mut major, mut minor, mut release) = (0, 0, 0);
    // SAFETY: the symbol is the function of HDF5 with these parameters, which writes three numbers.
    let status = unsafe {
        let version = std::mem::transmute::<*mut c_void, Version>(function);
        version(&mut major, &mut minor, &mut release)
    };
    status >= 0 && (major, minor) >= OLDEST
}

/// A library that is loaded.
pub(crate) struct Library {
    #[cfg(unix)]
    handle: *mut c_void,
}

#[cfg(unix)]
impl Library {
    /// The library of a path, if it is loaded; without a path, the program and what it shows to all.
    fn loaded(path: Option<&CStr>) -> Option<Self> {
        let path = path.map_or(std::ptr::null(), CStr::as_ptr);
        // SAFETY: the path ends with a zero byte or is null. Nothing is loaded, so no code runs.
        let handle = unsafe { libc::dlopen(path, libc::RTLD_LAZY | libc::RTLD_NOLOAD) };
        (!handle.is_null()).then_some(Self { handle })
    }

    /// The address of a function or a variable.
    pub(crate) fn symbol(&self, name: &CStr) -> Option<*mut c_void> {
        // SAFETY: the handle is open until `drop`, and the name ends with a zero byte.
        let symbol = unsafe { libc::dlsym(self.handle, name.as_ptr()) };
        (!symbol.is_null()).then_some(symbol)
    }
}

#[cfg(unix)]
impl Drop for Library {
    /// Lets go of the handle; whoever loaded the library, and called this one, still holds it.
    fn drop(&mut self) {
        // SAFETY: the handle is open and is used no more.
        unsafe { libc::dlclose(self.handle) };
    }
}

#[cfg(not(unix))]
impl Library {
    fn loaded(_: Option<&CStr>) -> Option<Self> {
        None
    }

    pub(crate) fn symbol(&self, _: &CStr) -> Option<*mut c_void> {
        None
    }
}

/// Paths of the loaded libraries; `None` is the program.
#[cfg(target_os = "linux")]
fn loaded() -> Vec<Option<CString>> {
    unsafe extern "C" fn add(info: *mut libc::dl_phdr_info, _: usize, paths: *mut c_void) -> c_int {
        // SAFETY: the linker passes its description of a library and the pointer given below.
        let (name, paths) =
            unsafe { ((*info).dlpi_name, &mut *paths.cast::<Vec<Option<CString>>>()) };
        if !name.is_null() {
            // SAFETY: the linker's names end with a zero byte.
            let name = unsafe { CStr::from_ptr(name) };
            if !name.is_empty() {
                paths.push(Some(name.to_owned()));
            }
        }
        0
    }
    let mut paths = vec![None];
    let to: *mut Vec<Option<CString>> = &mut paths;
    // SAFETY: `add` gets the vector, which outlives the call and is not used elsewhere during it.
    unsafe { libc::dl_iterate_phdr(Some(add), to.cast()) };
    paths
}

#[cfg(not(target_os = "linux"))]
fn loaded() -> Vec<Option<CString>> {
    vec![None]
}
